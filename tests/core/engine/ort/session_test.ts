import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { OrtError } from "../../../../core/engine/ort/error.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import {
  bytesOf,
  float32,
  int64,
  type Tensor,
  tensor,
  zeros,
} from "../../../../core/engine/graph/tensor.ts";
import { encodeSmallModel, identityModel, sgdModel, type SmallNode } from "./small_models.ts";

const ONE = { threads: 1 } as const;

/** A product of many large matrices, which takes a while. */
function slowModel(size: number, steps: number): Uint8Array<ArrayBuffer> {
  const nodes: SmallNode[] = Array.from({ length: steps }, (_, i) => ({
    op: "MatMul",
    inputs: [i === 0 ? "x" : `h${i - 1}`, "x"],
    outputs: [i === steps - 1 ? "y" : `h${i}`],
  }));
  const type = { dtype: "float32", shape: [size, size] } as const;
  return encodeSmallModel({ inputs: { x: type }, outputs: { y: type }, nodes });
}

Deno.test("Session.create() reads names and types, open lengths as -1", async () => {
  using session = await Session.create(
    identityModel({ dtype: "int64", shape: ["batch", 3] }),
    ONE,
  );
  assertEquals(session.inputs, [{ name: "x", dtype: "int64", shape: [-1, 3] }]);
  assertEquals(session.outputs, [{ name: "y", dtype: "int64", shape: [-1, 3] }]);
});

Deno.test("Session.create() leaves the event loop free", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  // Folding the constants makes loading do the work of running.
  const size = 512;
  const nodes: SmallNode[] = Array.from({ length: 16 }, (_, i) => ({
    op: "MatMul",
    inputs: [i === 0 ? "w" : `h${i - 1}`, "w"],
    outputs: [`h${i}`],
  }));
  const type = { dtype: "float32", shape: [size, size] } as const;
  const model = encodeSmallModel({
    inputs: { x: type },
    outputs: { y: type },
    nodes: [...nodes, { op: "Add", inputs: ["h15", "x"], outputs: ["y"] }],
    initializers: { w: zeros("float32", [size, size]) },
  });
  using session = await Session.create(model, ONE);
  clearInterval(timer);
  assertEquals(session.inputs.length, 1);
  assert(ticks > 0, "no timer fired while the model was loaded");
});

Deno.test("Session.create() takes a path, and finds external data next to the model", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const weights = float32([2, 2], [1, 2, 3, 4]);
    await Deno.writeFile(`${folder}/weights ä.bin`, bytesOf(weights));
    const model = encodeSmallModel({
      inputs: { x: { dtype: "float32", shape: [1, 2] } },
      outputs: { y: { dtype: "float32", shape: [1, 2] } },
      nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
      initializers: { w: { dtype: "float32", shape: [2, 2], file: "weights ä.bin" } },
    });
    await Deno.writeFile(`${folder}/modèle.onnx`, model);
    using session = await Session.create(`${folder}/modèle.onnx`, ONE);
    const { y } = await session.run({ x: float32([1, 2], [1, 10]) });
    assertEquals(y, float32([1, 2], [31, 42]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Session.create() takes bytes, and finds external data in the folder that it is told", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/weights.bin`, bytesOf(float32([2, 2], [1, 2, 3, 4])));
    const model = encodeSmallModel({
      inputs: { x: { dtype: "float32", shape: [1, 2] } },
      outputs: { y: { dtype: "float32", shape: [1, 2] } },
      nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
      initializers: { w: { dtype: "float32", shape: [2, 2], file: "weights.bin" } },
    });
    using session = await Session.create(model, { ...ONE, weightsFolder: folder });
    const { y } = await session.run({ x: float32([1, 2], [1, 10]) });
    assertEquals(y, float32([1, 2], [31, 42]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Session.run() takes host and device tensors and copies the outputs to the host", async () => {
  using session = await Session.create(sgdModel([2]), ONE);
  using gradient = DeviceTensor.from(float32([2], [2, 4]));
  const w = float32([2], [1, 1]);
  const rate = float32([], [0.5]);
  assertEquals(await session.run({ w, gradient, rate }), { w_new: float32([2], [0, -1]) });
});

Deno.test("Session.run() gives the shapes that come of open lengths", async () => {
  using session = await Session.create(identityModel({ dtype: "int64", shape: ["n"] }), ONE);
  for (const values of [[7], [1, 2, 3], []]) {
    const { y } = await session.run({ x: int64([values.length], values) });
    assertEquals(y, int64([values.length], values));
  }
});

Deno.test("Session.run() computes the outputs that are asked for", async () => {
  const type = { dtype: "float32", shape: [1] } as const;
  const model = encodeSmallModel({
    inputs: { x: type },
    outputs: { negative: type, double: type },
    nodes: [
      { op: "Neg", inputs: ["x"], outputs: ["negative"] },
      { op: "Add", inputs: ["x", "x"], outputs: ["double"] },
    ],
  });
  using session = await Session.create(model, ONE);
  const x = float32([1], [3]);
  assertEquals(await session.run({ x }, { outputs: ["double"] }), { double: float32([1], [6]) });
});

Deno.test("Session.run() says all that is wrong at once", async () => {
  using session = await Session.create(sgdModel([2]), ONE);
  const feeds = { w: float32([3], [1, 2, 3]), gradient: int64([2], [1, 2]), x: float32([], [0]) };
  const error = await assertRejects(
    () => session.run(feeds, { outputs: ["w_old"] }),
    TypeError,
  );
  assertEquals(
    error.message,
    [
      "Cannot run the session:",
      '  - input "rate" is missing: it is float32[]',
      '  - input "w" must be float32[2], found float32[3]',
      '  - input "gradient" must be float32[2], found int64[2]',
      '  - there is no input "x", found "w", "gradient", "rate"',
      '  - there is no output "w_old", found "w_new"',
    ].join("\n"),
  );
});

Deno.test("Session.run() passes on what ONNX Runtime finds wrong", async () => {
  const model = encodeSmallModel({
    inputs: {
      x: { dtype: "float32", shape: ["m"] },
      shape: { dtype: "int64", shape: ["rank"] },
    },
    outputs: { y: { dtype: "float32", shape: ["a", "b"] } },
    nodes: [{ op: "Reshape", inputs: ["x", "shape"], outputs: ["y"] }],
  });
  using session = await Session.create(model, ONE);
  await assertRejects(
    () => session.run({ x: float32([3], [1, 2, 3]), shape: int64([2], [2, 2]) }),
    OrtError,
    "Cannot run the session: ",
  );
});

Deno.test("Session.run() leaves the event loop free", async () => {
  using session = await Session.create(slowModel(512, 12), ONE);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  await session.run({ x: zeros("float32", [512, 512]) });
  clearInterval(timer);
  assert(ticks > 0, "no timer fired during the run");
});

Deno.test("Session.run() allows several runs at a time", async () => {
  using session = await Session.create(identityModel({ dtype: "float32", shape: [1] }), ONE);
  const runs = Array.from({ length: 20 }, (_, i) => session.run({ x: float32([1], [i]) }));
  const values = (await Promise.all(runs)).map(({ y }) => (y as Tensor<"float32">).data[0]);
  assertEquals(values, Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("Session refuses use after it is disposed", async () => {
  const session = await Session.create(identityModel({ dtype: "float32", shape: [1] }), ONE);
  session[Symbol.dispose]();
  session[Symbol.dispose]();
  await assertRejects(
    () => session.run({ x: float32([1], [1]) }),
    TypeError,
    "Cannot use the session: it must not be disposed yet",
  );
  assertThrows(() => session.bind({}, {}), TypeError, "Cannot use the session");
  assertThrows(() => session.endProfiling(), TypeError, "Cannot use the session");
});

Deno.test("Session may be disposed while it runs: the run ends first", async () => {
  const session = await Session.create(slowModel(256, 8), ONE);
  const run = session.run({ x: zeros("float32", [256, 256]) });
  session[Symbol.dispose]();
  assertEquals((await run).y, zeros("float32", [256, 256]));
});

Deno.test("Session.endProfiling() gives the path of a trace", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const model = identityModel({ dtype: "float32", shape: [1] });
    using session = await Session.create(model, { ...ONE, profile: `${folder}/trace` });
    await session.run({ x: float32([1], [1]) });
    const path = session.endProfiling();
    const events: { name: string }[] = JSON.parse(await Deno.readTextFile(path));
    assert(path.startsWith(`${folder}/trace`));
    assert(events.some(({ name }) => name.includes("Identity_0")), "the node is in the trace");
    assertThrows(() => session.endProfiling(), TypeError, "found none in progress");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Session.endProfiling() refuses where nothing was profiled", async () => {
  using session = await Session.create(identityModel({ dtype: "float32", shape: [1] }), ONE);
  assertThrows(() => session.endProfiling(), TypeError, "option profile must have begun it");
});

Deno.test("Session feeds views of larger buffers as they are", async () => {
  using session = await Session.create(identityModel({ dtype: "float32", shape: [2] }), ONE);
  const all = Float32Array.of(0, 1, 2, 3, 4);
  const { y } = await session.run({ x: tensor("float32", [2], all.subarray(3)) });
  assertEquals(y, float32([2], [3, 4]));
});
