/**
 * What reference/unclip_pipeline.py wrote, and the folder of the small Stable unCLIP that it ran.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { RgbImage } from "../../../core/data/dataset.ts";
import type { Shape } from "../../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import type { SchedulerName } from "../../../core/unclip/schedulers/mod.ts";
import { readSafetensors, writeSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedParameter, hashedTensor } from "../engine/nn/hashed_values.ts";

const FOLDER = new URL("../../../fixtures/golden/", import.meta.url).pathname;

/** One call of the reference's pipeline. */
export interface PipelineCase {
  readonly images: readonly number[];
  readonly prompt: string;
  readonly negative: string | null;
  readonly level: number;
  readonly guidance: number;
  readonly steps: number;
  readonly perPrompt: number;
  readonly scheduler: SchedulerName;
  readonly size: readonly [number, number];
}

/** The golden of the pipeline. */
export interface PipelineGolden {
  /** Width and height of the source images. */
  readonly pictures: readonly (readonly [number, number])[];
  /** Of the images, every row and column of this many is kept. */
  readonly step: number;
  readonly cases: readonly PipelineCase[];
  readonly files: Readonly<Record<string, string>>;
  readonly weights: Readonly<Record<string, Readonly<Record<string, Shape>>>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Reads the golden. */
export async function readPipelineGolden(): Promise<PipelineGolden> {
  const path = join(FOLDER, "unclip_pipeline");
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  return { ...JSON.parse(await Deno.readTextFile(`${path}.json`)), tensors };
}

/** The reference's value of a parameter of one of the networks. */
function hashedWeight(network: string, name: string, shape: Shape): Tensor {
  if (network === "image_normalizer") {
    return hashedTensor(name, shape, 0.5, name === "std" ? 1 : 0);
  }
  const prefix = network === "text_encoder" && !name.startsWith("text_model.") ? "text_model." : "";
  return hashedParameter(prefix + name, shape);
}

async function writeText(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}

/** Writes the folder that the reference's pipeline was saved to. */
export async function writePipeline(folder: string, golden: PipelineGolden): Promise<void> {
  for (const [name, text] of Object.entries(golden.files)) {
    await writeText(join(folder, name), text);
  }
  // As published, where the spacing is not said, so that each scheduler has its own, and clipping is said to be off.
  const { timestep_spacing: _, ...scheduler } = JSON.parse(
    golden.files["scheduler/scheduler_config.json"]!,
  );
  const told = JSON.stringify({ ...scheduler, clip_sample: false });
  await Deno.writeTextFile(join(folder, "scheduler/scheduler_config.json"), told);
  const tokenizer = JSON.parse(await Deno.readTextFile(join(FOLDER, "unclip_tokenizer.json")));
  for (const [name, text] of Object.entries<string>(tokenizer.files)) {
    await writeText(join(folder, "tokenizer", name), text);
  }
  for (const [name, shapes] of Object.entries(golden.weights)) {
    const network = dirname(name);
    const values = Object.entries(shapes).map(([key, shape]) =>
      [key, hashedWeight(network, key, shape)] as const
    );
    await writeSafetensors(join(folder, name), values);
  }
}

/** Runs with a folder of the pipeline that is removed afterwards. */
export async function withPipelineFolder<T>(
  golden: PipelineGolden,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await writePipeline(folder, golden);
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A source image, of hashed bytes. */
export function picture(golden: PipelineGolden, index: number): RgbImage {
  const [width, height] = golden.pictures[index]!;
  const { data } = hashedTensor(`picture/${index}`, [height, width, 3]);
  return { width, height, data: Uint8Array.from(data, (value) => (value + 1) * 128) };
}

/** Every third row and column of images, as the golden has them. */
export function thin(images: Tensor<"uint8">, step: number): Tensor<"uint8"> {
  const [count, height, width] = images.shape as [number, number, number, number];
  const kept: number[] = [];
  for (let row = 0; row < count * height; row++) {
    if (row % height % step !== 0) continue;
    for (let column = 0; column < width; column += step) {
      const at = 3 * (row * width + column);
      kept.push(...images.data.subarray(at, at + 3));
    }
  }
  const shape = [count, Math.ceil(height / step), Math.ceil(width / step), 3];
  return tensor("uint8", shape, Uint8Array.from(kept));
}
