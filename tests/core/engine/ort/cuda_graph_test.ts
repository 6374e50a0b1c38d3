import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { float32, zeros } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../../core/engine/onnx/encode_model.ts";
import { CPU, type Device } from "../../../../core/engine/ort/device.ts";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { checkDevice } from "../../../../core/engine/ort/resolve_device.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { matMul } from "../../../../core/engine/ops/mat_mul.ts";
import { leftOut } from "../../../left_out.ts";

const CUDA: Device = { provider: "cuda", index: 0, options: { use_tf32: "0" } };
const check = checkDevice({ provider: "cuda", index: 0 });
const { usable } = check;
const why = leftOut(check);

/** Where the stand-in for CUDA writes what is launched on it. */
const LOG = Deno.env.get("CUDA_STAND_IN_LOG");

function square(): Uint8Array<ArrayBuffer> {
  const x = input("x", "float32", [2, 2]);
  return encodeModel({ outputs: { y: matMul(x, x) } });
}

/** Squares of several matrices, each by a run of the same binding. */
async function squares(cudaGraph: boolean): Promise<number[][]> {
  using session = await Session.create(square(), { device: CUDA, cudaGraph, strict: true });
  using x = DeviceTensor.from(zeros("float32", [2, 2]), CUDA);
  using y = DeviceTensor.from(zeros("float32", [2, 2]), CUDA);
  using binding = session.bind({ x }, { y });
  const found: number[][] = [];
  for (let k = 1; k <= 4; k++) {
    x.write(float32([2, 2], [k, 0, 0, 2 * k]));
    await binding.run();
    found.push([...y.read().data]);
  }
  return found;
}

Deno.test("Session.create() refuses cudaGraph on other devices", async () => {
  await assertRejects(
    () => Session.create(square(), { device: CPU, cudaGraph: true }),
    TypeError,
    "Cannot create a session: cudaGraph is for CUDA, found cpu",
  );
});

Deno.test({
  name: `runs of a captured graph read what inputs hold then${why}`,
  ignore: !usable,
  fn: async () => assertEquals(await squares(true), await squares(false)),
});

Deno.test({
  name: `a session with cudaGraph wants tensors of its own on the device, bound once${why}`,
  ignore: !usable,
  async fn() {
    using session = await Session.create(square(), { device: CUDA, cudaGraph: true });
    using x = DeviceTensor.from(zeros("float32", [2, 2]), CUDA);
    using y = DeviceTensor.from(zeros("float32", [2, 2]), CUDA);
    using host = DeviceTensor.from(zeros("float32", [2, 2]));
    assertThrows(() => session.bind({ x }, { y: x }), TypeError, "found an input's");
    assertThrows(() => session.bind({ x }, { y: host }), TypeError, "found it on cpu");
    using binding = session.bind({ x }, { y });
    assertThrows(() => binding.rebind({ x: y }), TypeError, "keeps the addresses");
    await assertRejects(
      () => session.run({ x: zeros("float32", [2, 2]) }),
      TypeError,
      "must be bound, found them fed",
    );
  },
});

Deno.test({
  name: `a captured graph is launched whole: its kernels thrice, to warm up and to be captured${
    why || (LOG === undefined ? " (left out: only the stand-in for CUDA counts launches)" : "")
  }`,
  ignore: !usable || LOG === undefined,
  async fn() {
    const lines = async () => (await Deno.readTextFile(LOG!)).split("\n");
    const before = (await lines()).length;
    await squares(true);
    const launched = (await lines()).slice(before - 1).filter((line) => line.startsWith("launch"));
    assertEquals(launched.filter((line) => line === "launch graph").length, 4);
    assertEquals(launched.filter((line) => line !== "launch graph").length, 3);
  },
});
