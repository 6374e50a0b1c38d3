/**
 * Export of a trained backbone: an ONNX model that any runtime runs, or a state dict in PyTorch's names.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Backbone } from "../backbones/backbone.ts";
import type { Normalization } from "../data/views/recipe.ts";
import { input } from "../engine/graph/value.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { writeNewFile } from "../files/new_file.ts";
import { writeSafetensors } from "../weights/safetensors.ts";

const PREFIX = "backbone.";

/**
 * The backbone's own tensors, under the names that torchvision and timm give them.
 *
 * @param model parameters and buffers of a training run
 * @throws {TypeError} if there are none
 */
export function backboneStateDict(model: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const found = [...model].filter(([name]) => name.startsWith(PREFIX))
    .map(([name, value]) => [name.slice(PREFIX.length), value] as const);
  if (found.length === 0) {
    throw new GenviewTypeError(
      `Cannot export the backbone: no tensor's name begins with "${PREFIX}", found ${
        [...model.keys()].slice(0, 3).join(", ") || "no tensors"
      }`,
    );
  }
  return new Map(found);
}

/** What an exported file says of its backbone. */
export interface BackboneFacts {
  readonly backbone: Backbone;
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** Statistics with which the images were normalised in training. */
  readonly normalize: Normalization;
}

function encodeFacts({ backbone, size, normalize }: BackboneFacts): Record<string, string> {
  return {
    backbone: backbone.name,
    size: String(size),
    mean: normalize.mean.join(","),
    std: normalize.std.join(","),
  };
}

/** What an exported file's metadata says; undefined if another program has written it. */
export function parseFacts(
  { backbone: name, size, mean = "", std = "" }: Readonly<Record<string, string>>,
): { readonly name: string; readonly size: number; readonly normalize: Normalization } | undefined {
  const colors = [mean, std].map((text) => text.split(",").map(Number));
  const numbers = [Number(size), ...colors.flat()];
  if (name === undefined || numbers.length !== 7 || !numbers.every((value) => value > 0)) {
    return undefined;
  }
  const [means, deviations] = colors as unknown as [Normalization["mean"], Normalization["std"]];
  return { name, size: Number(size), normalize: { mean: means, std: deviations } };
}

/**
 * Writes the backbone's state dict; torchvision and timm load it strictly, with `fc` or `head` replaced by identity. The
 * file's metadata say which backbone it is, and of which images.
 *
 * @throws {Deno.errors.AlreadyExists} if the file exists
 */
export async function exportSafetensors(
  path: string,
  model: ReadonlyMap<string, Tensor>,
  facts: BackboneFacts,
): Promise<void> {
  await writeSafetensors(path, backboneStateDict(model), {
    metadata: { format: "pt", ...encodeFacts(facts) },
  });
}

/** What {@linkcode exportOnnx} is told. */
export interface ExportOnnxOptions extends BackboneFacts {
  readonly batchSize: number;
}

/**
 * The backbone as an ONNX model: `images` float32 `[N,3,H,W]`, normalised, to `features` float32 `[N,width]`.
 *
 * @throws {TypeError} if a tensor is missing or has another shape
 */
export function encodeBackbone(
  model: ReadonlyMap<string, Tensor>,
  { batchSize, ...facts }: ExportOnnxOptions,
): Uint8Array<ArrayBuffer> {
  const { backbone, size } = facts;
  const scope = new Scope({ training: false });
  const images = input("images", "float32", [batchSize, 3, size, size]);
  const features = backbone.apply(scope, images);
  const weights = backboneStateDict(model);
  for (const [name, { value }] of scope.declarations) {
    if (!weights.has(name)) {
      throw new GenviewTypeError(
        `Cannot export the backbone: "${name}" (${formatType(value.type)}) is missing`,
      );
    }
  }
  return encodeModel({
    outputs: { features },
    initializers: weights,
    metadata: encodeFacts(facts),
  });
}

/**
 * Writes the backbone as an ONNX model.
 *
 * @throws {Deno.errors.AlreadyExists} if the file exists
 */
export async function exportOnnx(
  path: string,
  model: ReadonlyMap<string, Tensor>,
  options: ExportOnnxOptions,
): Promise<void> {
  const bytes = encodeBackbone(model, options);
  await writeNewFile(path, bytes);
}
