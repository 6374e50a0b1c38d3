/**
 * What reference/augmentation_steps.py wrote.
 *
 * @module
 */
import type { Tensor } from "../../../../../core/engine/graph/tensor.ts";
import { readSafetensors } from "../../../../../core/weights/safetensors.ts";

const GOLDEN = new URL(
  "../../../../../fixtures/golden/augmentation_steps.safetensors",
  import.meta.url,
);
const { tensors } = await readSafetensors(GOLDEN.pathname);

/** A golden tensor. */
export function golden(name: string): Tensor {
  return tensors.get(name)!;
}
