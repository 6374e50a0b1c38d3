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
import { type PythonLibrary, schemeOf } from "../weights/layouts/name_schemes.ts";
import { writeSafetensors } from "../weights/safetensors.ts";

const PREFIX = "backbone.";

/**
 * The backbone's own tensors, under their own names: torchvision's of ResNets, open_clip's of CLIP's ViTs, timm's of others.
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

/** A state dict in a library's names, and how that library builds the network that it loads into strictly. */
export interface LibraryStateDict {
  /** Tensors by the library's names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Python that makes `model`; undefined of networks that are none of the registry's. */
  readonly python?: string;
}

/**
 * The state dict of a backbone in the names of a Python library.
 *
 * @param weights under own names
 * @param library by default the one whose names the own ones are: torchvision of ResNets, open_clip of CLIP's ViTs, timm of
 * others
 * @throws {TypeError} if the library has no such network
 */
export function libraryStateDict(
  name: string,
  weights: ReadonlyMap<string, Tensor>,
  library?: PythonLibrary,
): LibraryStateDict {
  const family = FAMILIES.find(({ members }) => Object.hasOwn(members, name));
  const chosen = library ?? family?.library;
  if (chosen === undefined) return { tensors: weights };
  const python = family?.python(chosen, name, weights);
  if (family !== undefined && python === undefined) {
    throw new GenviewTypeError(
      `Cannot export ${name} in the names of ${chosen}: it has no such network, leave --names out for those of ${family.library}`,
    );
  }
  const { published, publishedShape } = schemeOf(chosen, weights.keys());
  const tensors = [...weights].map(([own, value]) =>
    [published(own)!, { ...value, shape: publishedShape(own, value.shape) }] as const
  );
  return {
    tensors: new Map(tensors),
    ...(python !== undefined && { python }),
  };
}

/** How {@linkcode exportSafetensors} writes. */
export interface ExportSafetensorsOptions extends BackboneFacts {
  /** Library whose names the tensors get (default torchvision of ResNets, open_clip of CLIP's ViTs, timm of others). */
  readonly library?: PythonLibrary;
}

/**
 * Writes the backbone's state dict in the names of a Python library, which loads it strictly. The file's metadata say
 * which backbone it is and of which images, and under `python` how the library builds the network that it fits.
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
 * const model = new Map([["backbone.norm.bias", float32([2], [1, 2])]]);
 * const facts = { backbone: backbone("mocov3_vit_small"), size: 224, normalize: IMAGENET_NORMALIZATION };
 * await exportSafetensors(path, model, { ...facts, library: "mmpretrain" });
 * const { tensors, metadata } = await readSafetensors(path);
 * assertEquals([[...tensors.keys()], metadata.size], [["ln1.bias"], "224"]);
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
  { library, ...facts }: ExportSafetensorsOptions,
): Promise<void> {
  const weights = backboneStateDict(model);
  const { tensors, python } = libraryStateDict(facts.backbone.name, weights, library);
  await writeSafetensors(path, tensors, {
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
