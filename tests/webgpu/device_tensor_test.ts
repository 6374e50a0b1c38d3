import { assert, assertEquals } from "@std/assert";
import { allocate, byteSize, type DType, viewBytes } from "../../core/engine/graph/dtype.ts";
import { elementCount, type Shape } from "../../core/engine/graph/shape.ts";
import { filled, float32, type Tensor, tensor } from "../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../core/engine/graph/value.ts";
import { encodeModel } from "../../core/engine/onnx/encode_model.ts";
import * as op from "../../core/engine/ops/mod.ts";
import { CPU, DeviceTensor, Session } from "../../core/engine/ort/mod.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

const SHAPES: readonly Shape[] = [[], [0], [1], [3], [5], [2, 3, 7], [100_003]];

function onWebGpu(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `${name}${WITHOUT_WEBGPU.why}`, ignore: WITHOUT_WEBGPU.ignore, fn });
}

function sessionOf(outputs: Readonly<Record<string, Value>>): Promise<Session> {
  return Session.create(encodeModel({ outputs }), { device: WEBGPU, strict: true });
}

function onDevice(value: Tensor): DeviceTensor {
  return DeviceTensor.from(value, WEBGPU);
}

/** A tensor whose bytes are all different from their neighbours'. */
function patterned(dtype: DType, shape: Shape): Tensor {
  const count = elementCount(shape);
  if (count === 0) return tensor(dtype, shape, allocate(dtype, 0));
  const bytes = Uint8Array.from(
    { length: count * byteSize(dtype) },
    (_, i) => dtype === "bool" ? i % 2 : (i * 7 + 3) % 120,
  );
  return tensor(dtype, shape, viewBytes(dtype, bytes));
}

for (const dtype of ["float32", "float16", "int8", "uint8", "int32", "int64", "bool"] as const) {
  onWebGpu(`DeviceTensor of ${dtype} on WebGPU gives back what was written, of any length`, () => {
    for (const shape of SHAPES) {
      const value = patterned(dtype, shape);
      using held = onDevice(value);
      assertEquals(held.read(), value);
      const other = filled(dtype, shape, 1);
      held.write(other);
      assertEquals(held.read(), other);
    }
  });
}

onWebGpu("a binding on WebGPU updates a tensor in place, 100 times", async () => {
  const [x, g] = [input("x", "float32", [1000]), input("g", "float32", [1000])];
  using session = await sessionOf({ "next.x": op.sub(x, op.mul(g, 0.5)) });
  using held = onDevice(filled("float32", [1000], 0));
  using gradient = onDevice(filled("float32", [1000], -1));
  using binding = session.bind({ x: held, g: gradient }, { "next.x": held });
  for (let i = 0; i < 100; i++) await binding.run();
  assertEquals(held.read(), filled("float32", [1000], 50));
});

onWebGpu("a binding on WebGPU sees what is written between runs, on either side", async () => {
  using session = await sessionOf({ y: op.mul(input("x", "float32", [8]), 2) });
  for (const where of [WEBGPU, CPU]) {
    using x = DeviceTensor.empty({ dtype: "float32", shape: [8] }, where);
    using y = DeviceTensor.empty({ dtype: "float32", shape: [8] }, WEBGPU);
    using binding = session.bind({ x }, { y });
    for (let i = 1; i < 10; i++) {
      x.write(filled("float32", [8], i));
      await binding.run();
      assertEquals(y.read(), filled("float32", [8], 2 * i));
    }
  }
});

onWebGpu("a binding on WebGPU writes outputs on the host", async () => {
  const x = input("x", "float32", [8]);
  using session = await sessionOf({ y: op.mul(x, 2), z: op.reduceSum(x) });
  using held = onDevice(filled("float32", [8], 3));
  using y = DeviceTensor.empty({ dtype: "float32", shape: [8] }, CPU);
  using z = DeviceTensor.empty({ dtype: "float32", shape: [] }, CPU);
  using binding = session.bind({ x: held }, { y, z });
  await binding.run();
  assertEquals([y.read(), z.read()], [filled("float32", [8], 6), float32([], [24])]);
});

onWebGpu("sessions on WebGPU hand tensors on to each other", async () => {
  const type = { dtype: "float32", shape: [8] } as const;
  using first = await sessionOf({ y: op.mul(input("x", "float32", [8]), 2) });
  using second = await sessionOf({ z: op.add(input("y", "float32", [8]), 1) });
  using x = onDevice(filled("float32", [8], 3));
  using y = DeviceTensor.empty(type, WEBGPU);
  using z = DeviceTensor.empty(type, WEBGPU);
  using one = first.bind({ x }, { y });
  using two = second.bind({ y }, { z });
  for (let i = 0; i < 10; i++) {
    await one.run();
    await two.run();
  }
  assertEquals(z.read(), filled("float32", [8], 7));
});

onWebGpu("two bindings of one session on WebGPU run at the same time", async () => {
  using session = await sessionOf({ y: op.mul(op.add(input("x", "float32", [4096]), 1), 2) });
  using owned = new DisposableStack();
  const made = [1, 2].map((number) => {
    const x = owned.use(onDevice(filled("float32", [4096], number)));
    const y = owned.use(DeviceTensor.empty({ dtype: "float32", shape: [4096] }, WEBGPU));
    return { number, y, binding: owned.use(session.bind({ x }, { y })) };
  });
  for (let i = 0; i < 5; i++) await Promise.all(made.map(({ binding }) => binding.run()));
  for (const { number, y } of made) {
    assertEquals(y.read(), filled("float32", [4096], 2 * (number + 1)));
  }
});

onWebGpu("int64 counts exactly on WebGPU", async () => {
  using session = await sessionOf({ next: op.add(input("n", "int64", []), 1) });
  const start = tensor("int64", [], BigInt64Array.of(16_777_217n));
  using held = onDevice(start);
  using binding = session.bind({ n: held }, { next: held });
  await binding.run();
  await binding.run();
  const { data } = held.read();
  assert(data[0] === 16_777_219n, `found ${data[0]}`);
});
