/**
 * CLIP's image towers from files of weights that are named by path.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import {
  CLIP_MARKS,
  type ClipLayout,
  clipLayoutOf,
  findClipLayout,
} from "../backbones/clip_layouts.ts";
import {
  type ClipModel,
  clipModel,
  clipModelNames,
  clipModelOfKind,
  clipPretrainedNames,
  type ClipWeightsKind,
  clipWeightsKind,
} from "../backbones/clip_models.ts";
import { clipVisionTransformerTower } from "../backbones/clip_vision_transformer.ts";
import { clipTensors } from "../backbones/clip_weights.ts";
import { CLIP_NORMALIZATION } from "../data/views/presets.ts";
import { sameShape } from "../engine/graph/shape.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { openTensors } from "../weights/open_tensors.ts";
import { partOf } from "../weights/find_encoder.ts";
import { findPrefix } from "../weights/prefix.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import {
  checkConfiguration,
  checkKind,
  type ClipConfiguration,
  describeKinds,
  EPSILON,
  readClipConfiguration,
  suitsKind,
} from "./clip_configuration.ts";

/**
 * Opens a file of weights; where it is a whole training state of open_clip's, whose names begin with `module.`, that
 * is taken off.
 *
 * @throws {SyntaxError} if the file breaks a rule of its format
 */
export async function openClipTensors(path: string): Promise<TensorFile> {
  const file = await openTensors(path);
  return partOf(file, findPrefix(file.names, new Set(CLIP_MARKS)).prefix ?? "");
}

/**
 * Checks that a file holds the weights of a network as far as its publisher's configuration beside it tells: activation,
 * statistics and numbers that no tensor's shape tells.
 *
 * @param network `MODEL/WEIGHTS`, as open_clip calls them
 * @throws {TypeError} if the configuration says otherwise
 */
export async function checkPublishedConfiguration(
  network: string,
  file: TensorFile,
): Promise<void> {
  const [name = "", tag] = network.split("/");
  const configuration = await readClipConfiguration(file.path, clipLayoutOf(file).name);
  if (configuration === undefined) return;
  const model = clipModel(name, tag);
  checkConfiguration(model, configuration);
  checkKind(
    `verify ${file.path}`,
    configuration,
    [`${model.name}/${model.pretrained}`, clipWeightsKind(name, tag)],
    "name theirs by --training-data",
  );
}

/** Name of the model whose tensors a file has; undefined if it has those of none. */
function recognizeModel(file: TensorFile, layout: ClipLayout): string | undefined {
  return clipModelNames.find((name) =>
    [...clipTensors(clipModel(name), layout)].every(([key, { shape }]) =>
      file.has(key) && sameShape(file.type(key).shape, shape)
    )
  );
}

/** A tower's model and layout, as its tensors show. */
export interface RecognizedClip {
  /** Name of the model; undefined if it is none of the published ones, whose numbers its configuration must say. */
  readonly name?: string;
  readonly layout: ClipLayout;
  /** Features of the pooled embedding, as the projection's shape says; undefined if there is none. */
  readonly embedding?: number;
}

/** Features of the pooled embedding of a vision transformer, by the shape of its projection. */
function embeddingOf(file: TensorFile, { locate }: ClipLayout): number | undefined {
  const { name, transposed } = locate("visual.proj");
  return file.has(name) ? file.type(name).shape[transposed ? 0 : 1] : undefined;
}

/**
 * Finds the model of CLIP whose image tower a file holds.
 *
 * @returns undefined if it holds none
 */
export function recognizeClip(file: TensorFile): RecognizedClip | undefined {
  const layout = findClipLayout(file);
  if (layout === undefined) return undefined;
  const name = recognizeModel(file, layout);
  const embedding = embeddingOf(file, layout);
  if (name !== undefined) return { name, layout, ...(embedding && { embedding }) };
  // A ConvNeXt without CLIP's projection has the same names.
  if (layout.name === "timm" && !file.has("head.fc.weight")) return undefined;
  return { layout, ...(embedding && { embedding }) };
}

/** Names of files that say nothing of what is in them. */
const GENERIC_NAME = /^(model|pytorch_model|open_clip_model|open_clip_pytorch_model|weights)$/;

/** What to call the network of a file: by its own name, or where that says nothing by its folder's or repository's. */
export function nameOfFile(path: string): string {
  const name = basename(path.replace(/\/+$/, "")).replace(
    /\.(safetensors|bin|pth\.tar|pth|pt|ckpt)$/,
    "",
  );
  if (!GENERIC_NAME.test(name)) return name;
  const repository = /models--[^/]+--([^/]+)\/snapshots\//.exec(path)?.[1];
  const folder = repository ?? basename(dirname(path));
  return /^[\w.-]+$/.test(folder) && !/^\.+$/.test(folder) ? folder : name;
}

/** Activation and statistics of weights: what their publisher says, or what all that may be meant have in common. */
function kindOf(
  model: string,
  weights: string,
  configuration: ClipConfiguration | undefined,
): ClipWeightsKind {
  const { activation, normalize } = configuration ?? {};
  const known = { ...(activation && { activation }), ...(normalize && { normalize }) };
  if (activation !== undefined && normalize !== undefined) return { activation, normalize };
  const published = new Map(
    clipPretrainedNames(model).map((tag) => [tag, clipWeightsKind(model, tag)]),
  );
  const suited = new Map([...published].filter(([, kind]) => suitsKind(kind, known)));
  const [first, ...others] = (suited.size > 0 ? suited : published).values();
  if (others.every((kind) => suitsKind(kind, first!))) return { ...first!, ...known };
  throw new GenviewTypeError(
    `Cannot encode by ${weights}: ${model} has weights of several kinds (${
      describeKinds(suited.size > 0 ? suited : published)
    }), and ${
      configuration === undefined
        ? "no configuration of the publisher (config.json, open_clip_config.json) lies beside it"
        : `${configuration.path} does not say which`
    }; name theirs by --training-data`,
  );
}

/**
 * The tower of a file that is none of the published ones, as the configuration beside it describes it.
 *
 * @throws {TypeError} if there is no configuration, or it leaves something out
 */
function describedModel(
  { layout, embedding }: RecognizedClip,
  weights: string,
  configuration: ClipConfiguration | undefined,
): ClipModel {
  const { transformer, activation, imageSize, normalize } = configuration ?? {};
  if (
    transformer === undefined || activation === undefined || imageSize === undefined ||
    embedding === undefined
  ) {
    throw new GenviewTypeError(
      `Cannot encode by ${weights}: its image tower must be that of ${
        clipModelNames.join(", ")
      }, or a configuration of the publisher (config.json, open_clip_config.json) beside it must describe its vision ` +
        `transformer, found other tensors in ${layout.name}'s names and ${
          configuration === undefined ? "no configuration" : `what ${configuration.path} says`
        }`,
    );
  }
  const { epsilon, ...numbers } = transformer;
  if (epsilon !== EPSILON) {
    throw new GenviewTypeError(
      `Cannot encode by ${weights}: epsilon of layer normalisations must be ${EPSILON}, ${
        configuration!.path
      } says ${epsilon}`,
    );
  }
  const name = nameOfFile(weights);
  return {
    name,
    pretrained: name,
    inputSize: imageSize,
    normalize: normalize ?? CLIP_NORMALIZATION,
    description: `a vision transformer of CLIP's shape, described by ${configuration!.path}`,
    ...clipVisionTransformerTower({ ...numbers, embedding, activation }),
  };
}

/**
 * The model that a file of weights is of, with the activation and the statistics that its publisher's configuration
 * beside it says, or those of the weights that `trainingData` names.
 *
 * @param recognized name of the model, or what a configuration must describe
 * @param weights path of the file
 * @param trainingData name of its weights, if it is known
 * @throws {TypeError} if there is neither and the model was published with weights of several kinds, or if the
 * configuration contradicts the model or `trainingData`
 */
export async function clipModelOfFile(
  recognized: RecognizedClip,
  weights: string,
  trainingData?: string,
): Promise<ClipModel> {
  const { name, layout } = recognized;
  const configuration = await readClipConfiguration(weights, layout.name);
  if (name === undefined) return describedModel(recognized, weights, configuration);
  if (configuration !== undefined) checkConfiguration(clipModel(name), configuration);
  if (trainingData !== undefined) {
    const model = clipModel(name, trainingData);
    const kind = clipWeightsKind(name, trainingData);
    if (configuration !== undefined) {
      const told = [`--training-data ${model.pretrained}`, kind] as const;
      checkKind(`encode by ${weights}`, configuration, told, "leave --training-data out");
    }
    return model;
  }
  const kind = kindOf(name, weights, configuration);
  const [only, ...others] = clipPretrainedNames(name);
  return clipModelOfKind(name, others.length === 0 ? only! : nameOfFile(weights), kind);
}
