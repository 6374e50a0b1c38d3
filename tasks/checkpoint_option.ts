/**
 * Trained weights on a device.
 *
 * @module
 */
import { type Device, DeviceTensor } from "../core/engine/ort/mod.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";

/** Parameters and buffers on a device; the stack releases them. */
export function placeWeights(
  owned: DisposableStack,
  model: ReadonlyMap<string, Tensor>,
  device: Device,
): Map<string, DeviceTensor> {
  return new Map(
    [...model].map(([name, value]) => [name, owned.use(DeviceTensor.from(value, device))]),
  );
}
