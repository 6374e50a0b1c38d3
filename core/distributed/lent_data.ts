/**
 * Data that MPI can reach: typed arrays, tensors in place, and copies on the host of tensors on other devices.
 *
 * @module
 */
import { allocate, byteSize, type DType } from "../engine/graph/dtype.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { tensor } from "../engine/graph/tensor.ts";
import { lendMemory } from "../engine/ort/lent_memory.ts";
import { DeviceTensor } from "../engine/ort/mod.ts";
import { type CollectiveArray, type CollectiveMemory, memoryOf } from "./collective_data.ts";

/** How data are used. */
export interface Lending {
  /** What happens to their elements. */
  readonly access: "read" | "write" | "change";
  /** Whether memory of CUDA serves as it is. */
  readonly takesCuda: boolean;
}

/**
 * Uses the memory of data.
 *
 * @param use takes the memory, and its elements if they are on the host
 */
export async function lend(
  data: CollectiveArray | DeviceTensor,
  { access, takesCuda }: Lending,
  use: (memory: CollectiveMemory, elements: CollectiveArray | undefined) => Promise<void>,
): Promise<void> {
  if (!(data instanceof DeviceTensor)) return await use(memoryOf(data), data);
  const { dtype, shape } = data.type;
  const { provider } = data.device;
  if (provider === "cpu") {
    return await lendMemory(data, () => use(memoryOf(data.data), data.data));
  }
  if (provider === "cuda" && takesCuda) {
    return await lendMemory(data, (address) => {
      const length = elementCount(shape);
      return use({ ...elementsOf(dtype), address, length, owner: data }, undefined);
    });
  }
  const copy = access === "write"
    ? tensor(dtype, shape, allocate(dtype, elementCount(shape)))
    : data.read();
  await use(memoryOf(copy.data), copy.data);
  if (access !== "read") data.write(copy);
}

/** How the elements of a tensor look to MPI: as those of the typed array that holds them on the host. */
function elementsOf(dtype: DType): Pick<CollectiveMemory, "element" | "width"> {
  return { element: memoryOf(allocate(dtype, 0)).element, width: byteSize(dtype) };
}
