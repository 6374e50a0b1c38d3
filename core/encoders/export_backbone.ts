/**
 * Export of a trained backbone: an ONNX model that any runtime runs, or a state dict in PyTorch's names.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Backbone } from "../backbones/backbone.ts";
import { FAMILIES } from "../backbones/registry.ts";
import type { Normalization } from "../data/views/recipe.ts";
import { input } from "../engine/graph/value.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodePortableModel, type ModelDescription } from "../engine/onnx/mod.ts";
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
  /** The network. */
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

/** How Python's libraries build the network that a state dict loads into strictly; undefined of networks of others. */
function pythonOf(name: string, weights: ReadonlyMap<string, Tensor>): string | undefined {
  return FAMILIES.find(({ members }) => Object.hasOwn(members, name))?.python(name, weights);
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
 * Writes the backbone's state dict in the names of torchvision and timm, which load it strictly. The file's metadata say
 * which backbone it is and of which images, and under `python` how those libraries build the network that it fits.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../backbones/registry.ts";
 * import { IMAGENET_NORMALIZATION } from "../data/views/presets.ts";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { readSafetensors } from "../weights/safetensors.ts";
 * import { exportSafetensors } from "./export_backbone.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.remove(path);
 * const model = new Map([["backbone.bn1.bias", float32([2], [1, 2])]]);
 * const facts = { backbone: backbone("resnet18"), size: 32, normalize: IMAGENET_NORMALIZATION };
 * await exportSafetensors(path, model, facts);
 * const { tensors, metadata } = await readSafetensors(path);
 * assertEquals([[...tensors.keys()], metadata.size], [["bn1.bias"], "32"]);
 * await Deno.remove(path);
 * ```
 *
 * @param model parameters and buffers of a training run
 * @throws {Deno.errors.AlreadyExists} if the file exists
 * @throws {TypeError} if the model has no backbone
 */
export async function exportSafetensors(
  path: string,
  model: ReadonlyMap<string, Tensor>,
  facts: BackboneFacts,
): Promise<void> {
  const weights = backboneStateDict(model);
  const python = pythonOf(facts.backbone.name, weights);
  await writeSafetensors(path, weights, {
    metadata: { format: "pt", ...encodeFacts(facts), ...(python !== undefined && { python }) },
  });
}

/** What {@linkcode exportOnnx} writes. */
export interface ExportOnnxOptions extends BackboneFacts {
  /** Images in a run; any number when left out. */
  readonly batchSize?: number;
}

/**
 * The backbone as an ONNX model of the standard's operators: `images` float32 `[N,3,H,W]`, normalised, to `features`
 * float32 `[N,width]`. Batch normalisation is folded into the convolutions, which moves features by the rounding of
 * float32.
 *
 * @param model parameters and buffers of a training run
 * @throws {TypeError} if a tensor is missing or has another shape
 * @throws {RangeError} if the batch size is not a positive integer
 */
export function encodeBackbone(
  model: ReadonlyMap<string, Tensor>,
  { batchSize, ...facts }: ExportOnnxOptions,
): Uint8Array<ArrayBuffer> {
  const { backbone, size } = facts;
  const weights = backboneStateDict(model);
  const describe = (batch: number): ModelDescription => {
    const scope = new Scope({ training: false });
    const features = backbone.apply(scope, input("images", "float32", [batch, 3, size, size]));
    for (const [name, { value }] of scope.declarations) {
      if (!weights.has(name)) {
        throw new GenviewTypeError(
          `Cannot export the backbone: "${name}" (${formatType(value.type)}) is missing`,
        );
      }
    }
    return { outputs: { features }, initializers: weights, metadata: encodeFacts(facts) };
  };
  return encodePortableModel(describe, {
    input: "images",
    ...(batchSize !== undefined && { batchSize }),
  });
}

/**
 * Writes the backbone as an ONNX model that any runtime runs, on any number of images.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { backbone } from "../backbones/registry.ts";
 * import { IMAGENET_NORMALIZATION } from "../data/views/presets.ts";
 * import { input } from "../engine/graph/value.ts";
 * import { Scope } from "../engine/nn/scope.ts";
 * import { exportOnnx } from "./export_backbone.ts";
 *
 * const resnet18 = backbone("resnet18", { stem: "small" });
 * const scope = new Scope();
 * scope.enter("backbone", (inner) => resnet18.apply(inner, input("images", "float32", [1, 3, 32, 32])));
 * const folder = await Deno.makeTempDir();
 * const facts = { backbone: resnet18, size: 32, normalize: IMAGENET_NORMALIZATION };
 * await exportOnnx(`${folder}/backbone.onnx`, scope.initialize(1), facts);
 * assert((await Deno.stat(`${folder}/backbone.onnx`)).size > 40_000_000);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param model parameters and buffers of a training run
 * @throws {Deno.errors.AlreadyExists} if the file exists
 * @throws {TypeError} if a tensor is missing or has another shape
 */
export async function exportOnnx(
  path: string,
  model: ReadonlyMap<string, Tensor>,
  options: ExportOnnxOptions,
): Promise<void> {
  await writeNewFile(path, encodeBackbone(model, options));
}
