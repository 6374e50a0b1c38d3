import { assertEquals } from "@std/assert";
import { type DType, DTYPES } from "../../../../core/engine/graph/dtype.ts";
import { filled, float32 } from "../../../../core/engine/graph/tensor.ts";
import { CPU, type Device, formatDevice } from "../../../../core/engine/ort/device.ts";
import { DeviceMemory } from "../../../../core/engine/ort/device_memory.ts";
import { DeviceTensor, tensorHandle } from "../../../../core/engine/ort/device_tensor.ts";
import { checkDevice } from "../../../../core/engine/ort/resolve_device.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { sgdModel } from "./small_models.ts";
import { leftOut } from "../../../left_out.ts";

const DEVICES: readonly Device[] = [
  { provider: "cuda", index: 0 },
  { provider: "webgpu", index: 0 },
];

for (const [unit, unitBytes] of [["uint8", 1], ["int32", 4]] as const) {
  Deno.test(`DeviceMemory copies as ${unit}, chunk by chunk, on the CPU as on any device`, () => {
    const memory = new DeviceMemory(CPU, { name: "Cpu", unit, unitBytes, chunkBytes: 64 });
    for (const length of [0, 1, 16, 50]) {
      const value = Float32Array.from({ length }, (_, i) => i - 7.5);
      using tensor = DeviceTensor.empty({ dtype: "float32", shape: [length] });
      const { pointer } = tensorHandle(tensor);
      memory.write(pointer, new Uint8Array(value.buffer));
      assertEquals(tensor.read().data, value);
      const copy = new Float32Array(length);
      memory.read(pointer, new Uint8Array(copy.buffer));
      assertEquals(copy, value);
    }
  });
}

for (const device of DEVICES) {
  const name = formatDevice(device);
  const check = checkDevice(device);
  const ignore = !check.usable;
  const why = leftOut(check);

  Deno.test({
    name: `DeviceMemory of ${name} gives back what was written, whatever its type and size${why}`,
    ignore,
    fn() {
      for (const dtype of DTYPES) {
        for (const shape of [[], [0], [1], [3, 5], [1000, 7]]) {
          const value = filled<DType>(dtype, shape, 1);
          using tensor = DeviceTensor.from<DType>(value, device);
          assertEquals(tensor.read(), value);
        }
      }
    },
  });

  Deno.test({
    name: `DeviceMemory of ${name} copies more than one chunk${why}`,
    ignore,
    fn() {
      const length = (66 << 20) / 4 + 1;
      const data = Float32Array.from({ length }, (_, i) => i);
      using tensor = DeviceTensor.from({ dtype: "float32", shape: [length], data }, device);
      const copy = tensor.read().data;
      assertEquals(copy.findIndex((value, i) => value !== data[i]), -1);
    },
  });

  Deno.test({
    name: `Binding on ${name} updates in place and sees what is written to host tensors${why}`,
    ignore,
    async fn() {
      using session = await Session.create(sgdModel([3]), { device, strict: true });
      using w = DeviceTensor.from(float32([3], [1, 2, 3]), device);
      using gradient = DeviceTensor.from(float32([3], [1, 2, 4]), device);
      using rate = DeviceTensor.from(float32([], [0.25]));
      using binding = session.bind({ w, gradient, rate }, { w_new: w });
      for (let step = 0; step < 8; step++) await binding.run();
      assertEquals(w.read(), float32([3], [-1, -2, -5]));
      rate.data[0] = 1;
      await binding.run();
      assertEquals(w.read(), float32([3], [-2, -4, -9]));
      using onHost = DeviceTensor.empty({ dtype: "float32", shape: [3] });
      binding.rebind({}, { w_new: onHost });
      await binding.run();
      assertEquals(onHost.read(), float32([3], [-3, -6, -13]));
      assertEquals(w.read(), float32([3], [-2, -4, -9]));
    },
  });

  Deno.test({
    name: `Session.run() on ${name} takes and gives host tensors${why}`,
    ignore,
    async fn() {
      using session = await Session.create(sgdModel([2]), { device, strict: true });
      using gradient = DeviceTensor.from(float32([2], [2, 4]), device);
      const feeds = { w: float32([2], [1, 1]), gradient, rate: float32([], [0.5]) };
      assertEquals(await session.run(feeds), { w_new: float32([2], [0, -1]) });
    },
  });
}
