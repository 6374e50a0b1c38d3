/**
 * The memory of a tensor, lent to other native libraries.
 *
 * @module
 */
import { obtain } from "./api.ts";
import { type DeviceTensor, tensorHandle } from "./device_tensor.ts";
import { environment } from "./environment.ts";

/**
 * Lends the address of a tensor's first element. The memory stays until what uses it has ended, also if the tensor is
 * disposed meanwhile.
 *
 * @param tensor on a device whose memory has addresses: the CPU or CUDA
 * @throws {TypeError} if the tensor is disposed
 */
export async function lendMemory<T>(
  tensor: DeviceTensor,
  use: (address: bigint) => Promise<T>,
): Promise<T> {
  const handle = tensorHandle(tensor);
  const { api } = environment();
  const value = handle.pointer;
  const memory = obtain(
    api,
    "find a tensor's memory",
    (out) => api.GetTensorMutableData(value, out),
  );
  handle.retain();
  try {
    return await use(Deno.UnsafePointer.value(memory));
  } finally {
    handle.drop();
  }
}
