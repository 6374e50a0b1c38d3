/**
 * What reference/clip_towers.py wrote, and files of the hashed values that its towers hold.
 *
 * @module
 */
import { assert } from "@std/assert";
import { join } from "node:path";
import { ClipEncoder, type ClipSessionOptions } from "../../../core/encoders/clip_encoder.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { elementCount, type Shape } from "../../../core/engine/graph/shape.ts";
import { type Tensor, tensor, zeros } from "../../../core/engine/graph/tensor.ts";
import {
  readSafetensors,
  type TensorSource,
  writeSafetensors,
} from "../../../core/weights/safetensors.ts";
import type { ClipTower } from "../../../core/backbones/clip_tower.ts";
import { hashedParameter, hashedTensor, sampledIndices } from "../engine/nn/hashed_values.ts";

/** Largest difference of a number from the reference's, as a share of the largest of the reference. */
const TOLERANCE = 1e-4;

/** What the golden has of one tower. */
export interface TowerGolden {
  /** Height and width of its images. */
  readonly size: number;
  /** Shapes of the state dict's entries, by key. */
  readonly entries: Readonly<Record<string, Shape>>;
  /** Largest absolute value of all tokens. */
  readonly largest: number;
  readonly tokens: Tensor;
  readonly pooled: Tensor;
  /** How many of the tokens' numbers the golden holds, if not all. */
  readonly samples: number | null;
}

/** The golden of a tower. */
export async function readTowerGolden(file: string, name: string): Promise<TowerGolden> {
  const path = new URL(`../../../fixtures/golden/${file}`, import.meta.url).pathname;
  const { samples, towers } = JSON.parse(await Deno.readTextFile(`${path}.json`));
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  const { size, entries, largest } = towers[name];
  const part = (key: string) => tensors.get(`${name}/${key}`)!;
  return { size, entries, largest, samples, tokens: part("tokens"), pooled: part("pooled") };
}

/** The reference's value of an entry; timm's projection has a bias of zeros. */
export function entryValue(name: string, shape: Shape): Tensor<"float32"> {
  return name === "head.fc.bias" ? zeros("float32", shape) : hashedParameter(name, shape);
}

/** Writes the hashed values of a state dict, one at a time. */
export async function writeEntries(
  path: string,
  entries: Readonly<Record<string, Shape>>,
  convert: (name: string, value: Tensor<"float32">) => Tensor = (_, value) => value,
  dtype: TensorSource["dtype"] = "float32",
): Promise<void> {
  const sources = Object.entries(entries).map(([name, shape]) =>
    [name, {
      dtype,
      shape,
      read: () => Promise.resolve(convert(name, entryValue(name, shape))),
    }] as const
  );
  await writeSafetensors(path, sources);
}

/** The reference's two images. */
export function hashedImages(size: number): Tensor<"uint8"> {
  const shape = [2, size, size, 3];
  const { data } = hashedTensor(`images/${size}`, shape);
  return tensor("uint8", shape, Uint8Array.from(data, (value) => (value + 1) * 128));
}

/** Largest difference of the elements that are expected, as a share of the largest expected. */
function largestError(actual: Tensor, expected: Tensor, largest: number, indices?: number[]) {
  let error = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const difference = Number(actual.data[indices?.[i] ?? i]!) - Number(expected.data[i]!);
    error = Math.max(error, Math.abs(difference));
  }
  return error / largest;
}

function largestOf(values: Tensor): number {
  return (values.data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The largest errors of a tower that reads its weights from a file. */
export async function measureTower(
  path: string,
  tower: ClipTower,
  name: string,
  golden: TowerGolden,
  options: Partial<ClipSessionOptions> = {},
): Promise<{ readonly tokens: number; readonly pooled: number }> {
  const { size } = golden;
  using encoder = await ClipEncoder.create(path, {
    model: { ...tower, inputSize: size, normalize: CLIP_NORMALIZATION },
    batchSize: 2,
    ...options,
  });
  return errorsOf(await encoder.encode(hashedImages(size)), name, golden);
}

/** The largest errors of a tower's outputs. */
export function errorsOf(
  { tokens, pooled }: Readonly<Record<"tokens" | "pooled", Tensor>>,
  name: string,
  golden: TowerGolden,
): { readonly tokens: number; readonly pooled: number } {
  const indices = golden.samples === null
    ? undefined
    : sampledIndices(`${name}/tokens`, elementCount(tokens.shape), golden.samples);
  return {
    tokens: largestError(tokens, golden.tokens, golden.largest, indices),
    pooled: largestError(pooled, golden.pooled, largestOf(golden.pooled)),
  };
}

/** Asserts that errors are within the tolerance. */
export function assertSmall(
  errors: { readonly tokens: number; readonly pooled: number },
  tolerance: number = TOLERANCE,
): void {
  for (const [what, error] of Object.entries(errors)) {
    assert(error <= tolerance, `${what} differ by ${error} of the largest, more than ${tolerance}`);
  }
}

/** Runs with a folder that is removed afterwards. */
export async function withFolder<T>(
  use: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await use((name) => join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
