/**
 * What reference/published_layouts.py wrote: names and shapes of checkpoints of the real programs, whose values are
 * hashed by their names, and the features that the real networks make.
 *
 * @module
 */
import { filled, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { readSafetensors, writeSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedParameter } from "../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../fixtures/golden/published_layouts", import.meta.url).pathname;

/** The golden: types of all tensors such as `float32[64,3,7,7]` by checkpoint, and features by `checkpoint/encoder`. */
export interface PublishedLayouts {
  readonly size: number;
  readonly checkpoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly features: ReadonlyMap<string, Tensor>;
}

/** Reads the golden. */
export async function readPublishedLayouts(): Promise<PublishedLayouts> {
  const { size, checkpoints } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
  const { tensors: features } = await readSafetensors(`${GOLDEN}.safetensors`);
  return { size, checkpoints, features };
}

/** The value of an entry, as the reference has it. */
function valueOf(name: string, type: string): Tensor {
  const [, dtype, lengths] = /^(\w+)\[(.*)\]$/.exec(type)!;
  const shape = lengths === "" ? [] : lengths!.split(",").map(Number);
  return dtype === "int64" ? filled("int64", shape, 0) : hashedParameter(name, shape);
}

/** Writes a checkpoint of the golden. */
export async function writePublished(
  path: string,
  entries: Readonly<Record<string, string>>,
): Promise<void> {
  const tensors = Object.entries(entries).map(([name, type]) =>
    [name, valueOf(name, type)] as const
  );
  await writeSafetensors(path, tensors);
}
