/**
 * What a publisher's configuration files say of a CLIP image tower: they lie beside its weights.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { ClipLayoutName } from "../backbones/clip_layouts.ts";
import type { ClipModel, ClipWeightsKind } from "../backbones/clip_models.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { ifThere } from "../files/if_there.ts";
import { ConfigFile } from "../weights/config_file.ts";
import { refuseProblems } from "../weights/stored_parameters.ts";

/** Numbers of a vision transformer that no tensor's shape tells, or that must agree with them. */
export interface TransformerNumbers {
  readonly patch: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  /** Added to variances before their root is taken, in layer normalisations. */
  readonly epsilon: number;
}

/** What a publisher says of a tower. */
export interface ClipConfiguration extends Partial<ClipWeightsKind> {
  /** The file that says it. */
  readonly path: string;
  /** Height and width of the images, in pixels; undefined where it is not said. */
  readonly imageSize?: number;
  /** Of vision transformers. */
  readonly transformer?: TransformerNumbers;
}

/** What all of CLIP's vision transformers add to variances in layer normalisations. */
export const EPSILON = 1e-5;

const ACTIVATIONS = ["gelu", "quick_gelu"] as const;

/** Statistics of images under two keys, if both are there. */
function normalizationOf(
  file: ConfigFile,
  [mean, std]: readonly [string, string],
): Pick<ClipConfiguration, "normalize"> {
  if (file.get(mean) === undefined || file.get(std) === undefined) return {};
  const unused = [0, 0, 0] as const;
  return { normalize: { mean: file.channels(mean, unused), std: file.channels(std, unused) } };
}

/** open_clip's `open_clip_config.json`. Defaults are those of open_clip 3.3.0, `model.py`, `CLIPVisionCfg`. */
function parseOpenClip(file: ConfigFile): ClipConfiguration {
  const model = file.object("model_cfg");
  const vision = model.object("vision_cfg");
  const images = file.get("preprocess_cfg") === undefined
    ? undefined
    : file.object("preprocess_cfg");
  const common = {
    path: file.path,
    activation: ACTIVATIONS[Number(model.boolean("quick_gelu", false))]!,
    imageSize: vision.integer("image_size", 224),
    ...(images !== undefined && normalizationOf(images, ["mean", "std"])),
  };
  if (vision.get("timm_model_name") !== undefined) return common;
  const width = vision.integer("width", 768);
  const transformer = {
    patch: vision.integer("patch_size", 16),
    width,
    layers: vision.integer("layers", 12),
    heads: width / vision.integer("head_width", 64),
    hidden: width * vision.number("mlp_ratio", 4),
    epsilon: (vision.get("norm_kwargs") ?? undefined) === undefined
      ? EPSILON
      : vision.object("norm_kwargs").number("eps", EPSILON),
  };
  return { ...common, transformer };
}

/** What prepares images: transformers' file beside the weights, or in the folder that diffusers gives it beside theirs. */
async function readProcessor(folder: string): Promise<ConfigFile | undefined> {
  const name = "preprocessor_config.json";
  return await ifThere(ConfigFile.read(join(folder, name))) ??
    await ifThere(ConfigFile.read(join(folder, "..", "feature_extractor", name)));
}

/** Transformers' `config.json`. Defaults are those of transformers 5.0, `configuration_clip.py`, `CLIPVisionConfig`. */
async function parseTransformers(file: ConfigFile): Promise<ClipConfiguration> {
  const vision = file.get("vision_config") === undefined ? file : file.object("vision_config");
  const images = await readProcessor(dirname(file.path));
  return {
    path: file.path,
    activation: vision.oneOf("hidden_act", ACTIVATIONS, "quick_gelu"),
    imageSize: vision.integer("image_size", 224),
    transformer: {
      patch: vision.integer("patch_size", 32),
      width: vision.integer("hidden_size", 768),
      layers: vision.integer("num_hidden_layers", 12),
      heads: vision.integer("num_attention_heads", 12),
      hidden: vision.integer("intermediate_size", 3072),
      epsilon: vision.number("layer_norm_eps", EPSILON),
    },
    ...(images !== undefined && normalizationOf(images, ["image_mean", "image_std"])),
  };
}

/** timm's `config.json`, which says nothing of the activation but by the network's name. */
function parseTimm(file: ConfigFile): ClipConfiguration {
  const images = file.get("pretrained_cfg") === undefined
    ? undefined
    : file.object("pretrained_cfg");
  return {
    path: file.path,
    ...(images !== undefined && normalizationOf(images, ["mean", "std"])),
  };
}

/** Which program's configuration a file is; undefined if it describes no CLIP. */
function parserOf(file: ConfigFile) {
  if (file.get("model_cfg") !== undefined) return parseOpenClip;
  const type = file.get("model_type");
  if (file.get("vision_config") !== undefined) return parseTransformers;
  if (typeof type === "string" && type.startsWith("clip")) return parseTransformers;
  return file.get("architecture") === undefined ? undefined : parseTimm;
}

/** Names of the files, those of the weights' own program first. */
const FILES: Readonly<Record<ClipLayoutName, readonly string[]>> = {
  open_clip: ["open_clip_config.json", "config.json"],
  transformers: ["config.json", "open_clip_config.json"],
  timm: ["config.json", "open_clip_config.json"],
};

/**
 * Reads what the publisher's configuration files beside a file of weights say: open_clip's `open_clip_config.json`,
 * transformers' `config.json` and `preprocessor_config.json`, which may lie in `../feature_extractor/` as in diffusers'
 * folders, or timm's `config.json`.
 *
 * @param weights path of the file of weights
 * @param layout whose names the weights have, whose configuration comes first
 * @returns undefined if there are none
 * @throws {TypeError} if one says what no tower of CLIP has
 * @throws {SyntaxError} if one is not a JSON object
 */
export async function readClipConfiguration(
  weights: string,
  layout: ClipLayoutName,
): Promise<ClipConfiguration | undefined> {
  for (const name of FILES[layout]) {
    const file = await ifThere(ConfigFile.read(join(dirname(weights), name)));
    const parse = file && parserOf(file);
    if (parse !== undefined) return await parse(file!);
  }
  return undefined;
}

/**
 * Refuses a model that a configuration contradicts: in heads, for example, which no tensor's shape tells.
 *
 * @throws {TypeError} with all that differs
 */
export function checkConfiguration(model: ClipModel, configuration: ClipConfiguration): void {
  const { imageSize, transformer, path } = configuration;
  const own = model.transformer;
  const numbers: readonly (readonly [string, number | undefined, number | undefined])[] = [
    ["image size", imageSize, model.inputSize],
    ["patch", transformer?.patch, own?.patch],
    ["width", transformer?.width, own?.width],
    ["layers", transformer?.layers, own?.layers],
    ["heads", transformer?.heads, own?.heads],
    ["hidden features", transformer?.hidden, own && (own.hidden ?? 4 * own.width)],
    ["epsilon of layer normalisations", transformer?.epsilon, own && EPSILON],
  ];
  const problems = numbers.filter(([, said, has]) =>
    said !== undefined && has !== undefined && said !== has
  ).map(([what, said, has]) => `${what} must be ${has}, ${path} says ${said}`);
  refuseProblems(`the weights beside ${path} as ${model.name}`, problems);
}

function describeKind({ activation, normalize: { mean, std } }: ClipWeightsKind): string {
  const name = activation === "gelu" ? "GELU" : "quick GELU";
  return `${name}, mean ${mean.join(" ")}, std ${std.join(" ")}`;
}

/** Whether a kind is what is known of it. */
export function suitsKind(kind: ClipWeightsKind, known: Partial<ClipWeightsKind>): boolean {
  const { activation = kind.activation, normalize = kind.normalize } = known;
  return describeKind({ activation, normalize }) === describeKind(kind);
}

/** A model's published weights grouped by their kind, for an error that asks which they are. */
export function describeKinds(kinds: ReadonlyMap<string, ClipWeightsKind>): string {
  const groups = Map.groupBy(kinds, ([, kind]) => describeKind(kind));
  return [...groups].map(([kind, members]) => `${members.map(([tag]) => tag).join(", ")}: ${kind}`)
    .join("; ");
}

/**
 * Refuses weights that are said to be of one kind and that their publisher says are of another.
 *
 * @param action what cannot be done, such as `encode by model.safetensors`
 * @param tag name of the weights that they are said to be
 * @param remedy what to do
 * @throws {TypeError} if the configuration says another kind
 */
export function checkKind(
  action: string,
  configuration: ClipConfiguration,
  [tag, kind]: readonly [tag: string, ClipWeightsKind],
  remedy: string,
): void {
  if (suitsKind(kind, configuration)) return;
  throw new GenviewTypeError(
    `Cannot ${action}: ${tag} means ${
      describeKind(kind)
    }, but ${configuration.path} says otherwise; ${remedy}`,
  );
}
