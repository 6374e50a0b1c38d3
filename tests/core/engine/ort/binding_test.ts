import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CPU } from "../../../../core/engine/ort/device.ts";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { float32, int64, zeros } from "../../../../core/engine/graph/tensor.ts";
import { encodeSmallModel, identityModel, sgdModel } from "./small_models.ts";

const ONE = { threads: 1 } as const;

function matmulModel(size: number): Uint8Array<ArrayBuffer> {
  const type = { dtype: "float32", shape: [size, size] } as const;
  return encodeSmallModel({
    inputs: { x: type },
    outputs: { y: type },
    nodes: [{ op: "MatMul", inputs: ["x", "x"], outputs: ["y"] }],
  });
}

Deno.test("Binding.run() updates weights in place over 100 steps", async () => {
  using session = await Session.create(sgdModel([1000]), ONE);
  const start = Float32Array.from({ length: 1000 }, (_, i) => i / 8);
  const slope = Float32Array.from({ length: 1000 }, (_, i) => i % 7);
  using w = DeviceTensor.from(float32([1000], start));
  using gradient = DeviceTensor.from(float32([1000], slope));
  using rate = DeviceTensor.from(float32([], [0.25]));
  using binding = session.bind({ w, gradient, rate }, { w_new: w });
  for (let step = 0; step < 100; step++) await binding.run();
  // Every value is a multiple of 1/8 below 2^24 / 8: float32 holds them all exactly.
  assertEquals(w.data, start.map((value, i) => value - 100 * 0.25 * slope[i]!));
});

Deno.test("Binding.run() sees what is written to its tensors between runs", async () => {
  using session = await Session.create(sgdModel([1]), ONE);
  using w = DeviceTensor.from(float32([1], [0]));
  using gradient = DeviceTensor.from(float32([1], [1]));
  using rate = DeviceTensor.from(float32([], [0]));
  using binding = session.bind({ w, gradient, rate }, { w_new: w });
  const expected = [];
  const found = [];
  for (let step = 1; step <= 5; step++) {
    rate.write(float32([], [step]));
    await binding.run();
    found.push(w.data[0]);
    expected.push(-step * (step + 1) / 2);
  }
  assertEquals(found, expected);
});

Deno.test("Binding.runSync() computes what run() computes", async () => {
  using session = await Session.create(matmulModel(2), ONE);
  using x = DeviceTensor.from(float32([2, 2], [1, 2, 3, 4]));
  using y = DeviceTensor.empty(x.type);
  using z = DeviceTensor.empty(x.type);
  using first = session.bind({ x }, { y });
  using second = session.bind({ x }, { y: z });
  await first.run();
  second.runSync({ shrinkArena: true });
  assertEquals(y.read(), float32([2, 2], [7, 10, 15, 22]));
  assertEquals(z.read(), y.read());
});

Deno.test("Binding.rebind() replaces the tensors that are named, and keeps the others", async () => {
  using session = await Session.create(sgdModel([1]), ONE);
  using w = DeviceTensor.from(float32([1], [10]));
  using gradient = DeviceTensor.from(float32([1], [1]));
  using rate = DeviceTensor.from(float32([], [1]));
  using first = DeviceTensor.empty(w.type);
  using binding = session.bind({ w, gradient, rate }, { w_new: first });
  await binding.run();
  using other = DeviceTensor.from(float32([1], [5]));
  using second = DeviceTensor.empty(w.type);
  binding.rebind({ gradient: other }, { w_new: second });
  await binding.run();
  assertEquals([first.data[0], second.data[0]], [9, 5]);
});

Deno.test("Binding.rebind() replaces nothing if anything is wrong", async () => {
  using session = await Session.create(sgdModel([1]), ONE);
  using w = DeviceTensor.from(float32([1], [10]));
  using gradient = DeviceTensor.from(float32([1], [1]));
  using rate = DeviceTensor.from(float32([], [1]));
  using result = DeviceTensor.empty(w.type);
  using binding = session.bind({ w, gradient, rate }, { w_new: result });
  using other = DeviceTensor.from(float32([1], [100]));
  assertThrows(
    () => binding.rebind({ w: other, gradient: rate }),
    TypeError,
    'Cannot rebind tensors: input "gradient" must be float32[1], found float32[]',
  );
  await binding.run();
  assertEquals(result.data[0], 9);
});

Deno.test("Session.bind() says all that is wrong at once", async () => {
  using session = await Session.create(sgdModel([2]), ONE);
  using w = DeviceTensor.from(float32([3], [1, 2, 3]));
  using rate = DeviceTensor.from(int64([], [1]));
  const { message } = assertThrows(() => session.bind({ w, rate, x: w }, { w }), TypeError);
  assertEquals(
    message,
    [
      "Cannot bind tensors:",
      '  - input "gradient" is missing: it is float32[2]',
      '  - input "w" must be float32[2], found float32[3]',
      '  - input "rate" must be float32[], found int64[]',
      '  - there is no input "x", found "w", "gradient", "rate"',
      '  - there is no output "w", found "w_new"',
    ].join("\n"),
  );
});

Deno.test("Session.bind() wants at least one output", async () => {
  using session = await Session.create(identityModel({ dtype: "float32", shape: [1] }), ONE);
  using x = DeviceTensor.from(float32([1], [1]));
  assertThrows(() => session.bind({ x }, {}), TypeError, "at least one output must be bound");
});

Deno.test("Binding.run() leaves the event loop free and refuses a second run meanwhile", async () => {
  using session = await Session.create(matmulModel(1024), ONE);
  using x = DeviceTensor.from(zeros("float32", [1024, 1024]));
  using y = DeviceTensor.empty(x.type);
  using binding = session.bind({ x }, { y });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  const run = binding.run();
  const reason = "one run of a binding must end before this, found one in flight";
  await assertRejects(() => binding.run(), TypeError, `Cannot run a binding: ${reason}`);
  assertThrows(() => binding.runSync(), TypeError, `Cannot run a binding: ${reason}`);
  assertThrows(() => binding.rebind({ x }), TypeError, `Cannot rebind tensors: ${reason}`);
  await run;
  clearInterval(timer);
  assert(ticks > 0, "no timer fired during the run");
  await binding.run();
});

Deno.test("Binding, tensors and session may be disposed in any order, and during a run", async () => {
  const session = await Session.create(matmulModel(512), ONE);
  const x = DeviceTensor.from(zeros("float32", [512, 512]));
  const y = DeviceTensor.empty(x.type);
  const binding = session.bind({ x }, { y });
  const run = binding.run();
  session[Symbol.dispose]();
  x[Symbol.dispose]();
  y[Symbol.dispose]();
  binding[Symbol.dispose]();
  await run;
  await assertRejects(() => binding.run(), TypeError, "it must not be disposed yet");
});

Deno.test("Binding refuses to run once its session is disposed", async () => {
  const session = await Session.create(identityModel({ dtype: "float32", shape: [1] }), ONE);
  using x = DeviceTensor.from(float32([1], [1]));
  using y = DeviceTensor.empty(x.type);
  using binding = session.bind({ x }, { y });
  session[Symbol.dispose]();
  await assertRejects(() => binding.run(), TypeError, "Cannot use the session");
});

Deno.test("Binding refuses tensors that are disposed", async () => {
  using session = await Session.create(identityModel({ dtype: "float32", shape: [1] }), ONE);
  const x = DeviceTensor.from(float32([1], [1]));
  using y = DeviceTensor.empty(x.type);
  x[Symbol.dispose]();
  assertThrows(() => session.bind({ x }, { y }), TypeError, "Cannot use the float32[1]");
});

Deno.test("Bindings of one session run side by side", async () => {
  using session = await Session.create(matmulModel(64), ONE);
  const values = [1, 2, 3, 4];
  using stack = new DisposableStack();
  const runs = values.map((value) => {
    const x = stack.use(DeviceTensor.empty({ dtype: "float32", shape: [64, 64] }, CPU));
    x.data.fill(value);
    const y = stack.use(DeviceTensor.empty(x.type));
    return { y, binding: stack.use(session.bind({ x }, { y })) };
  });
  await Promise.all(runs.map(({ binding }) => binding.run()));
  runs.forEach(({ y }, i) => assertAlmostEquals(y.data[0]!, 64 * values[i]! ** 2));
});
