/**
 * Networks that make tokens, opened by name: a published CLIP model, a file of weights, or the folder of a run.
 *
 * @module
 */
import { join } from "node:path";
import { type ClipModel, clipModel, resizedClipModel } from "../backbones/clip_models.ts";
import { findClipLayout } from "../backbones/clip_layouts.ts";
import { CLIP_NORMALIZATION, IMAGENET_NORMALIZATION } from "../data/views/presets.ts";
import { GenviewNotFound, GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { catalogEntry, readCatalog, wantedFiles } from "../weights/catalog.ts";
import { EMBEDDED, embeddedImageEncoder } from "../weights/embedded_generator.ts";
import { defaultHubCache } from "../weights/hub_cache.ts";
import { openTensors } from "../weights/open_tensors.ts";
import { findPulled } from "../weights/pull.ts";
import { SafetensorsFile } from "../weights/safetensors.ts";
import { backboneTokenNetwork } from "./backbone_token_network.ts";
import { recognizeBackboneFile } from "./backbone_file.ts";
import { openBackboneWeights } from "./backbone_weights.ts";
import { clipModelOfFile, nameOfFile, openClipTensors, recognizeClip } from "./clip_file.ts";
import { clipTokenNetwork } from "./clip_token_network.ts";
import { parseFacts } from "./export_backbone.ts";
import type { TokenNetwork } from "./token_encoder.ts";
import { openTrainedBackbone } from "./trained_backbone.ts";

/** Which network {@linkcode openTokenNetwork} opens. Empty texts and zeros are as if they were left out. */
export interface TokenNetworkChoice {
  /**
   * Name of a CLIP model, path of a file of weights, folder of a run, folder of transformers' with `config.json` and
   * `model.safetensors`, or `embedded` for the image encoder of this project's own generator.
   */
  readonly model: string;
  /** Name of a CLIP model's weights, as open_clip has it (default the model's first; of a file, what lies beside it says). */
  readonly trainingData?: string;
  /** File with the weights of a CLIP model that is named (default the one in the hub's cache). */
  readonly weights?: string;
  /** Network that a file's weights are of (default the one whose tensors they are). */
  readonly backbone?: string;
  /** Height and width of the images, in pixels (default those of training); ConvNeXts of CLIP take their own alone. */
  readonly imageSize?: number;
  /** Statistics that a file's backbone was trained with (default `auto`: what it names, or else ImageNet's). */
  readonly normalize?: "auto" | "imagenet" | "clip";
  /** Height and width of a patch in pixels, checked against the network's. */
  readonly patchSize?: number;
  /** Type that CLIP's towers compute in (default float32). */
  readonly precision?: "float32" | "float16";
}

/** What is a path and no name of a model: it has folders, or a file's ending. */
const LOOKS_LIKE_PATH = /[\\/]|\.(safetensors|bin|pth|pt|ckpt|tar)$/;

/** Where `deno task weights pull` has put the weights of a CLIP model. */
async function findWeights(name: string, pretrained: string): Promise<string> {
  const catalog = await readCatalog();
  const sets: string[] = [];
  for (const set of Object.keys(catalog.weights)) {
    const entry = catalogEntry(catalog, set);
    const at = entry.files.findIndex(({ network }) => network === `${name}/${pretrained}`);
    if (at < 0) continue;
    const found = await findPulled(entry, wantedFiles(entry, ""), defaultHubCache());
    if (found[at] !== undefined) return found[at].file;
    sets.push(set);
  }
  throw new GenviewTypeError(
    `Cannot find the weights of ${name} (${pretrained}): ` +
      (sets.length > 0
        ? `they are not in the cache; run "deno task weights pull ${
          sets[0]
        }", or name a file by --weights`
        : "the catalogue has none; name a file by --weights"),
  );
}

/** Backbones compute in what they were trained in. */
function checkOwnPrecision({ model, precision = "float32" }: TokenNetworkChoice): void {
  if (precision === "float32") return;
  throw new GenviewTypeError(
    `Cannot encode by ${model} in ${precision}: only CLIP's towers can, other backbones take float32`,
  );
}

async function openBackbone(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  checkOwnPrecision(choice);
  using file = await openTensors(path);
  const facts = file instanceof SafetensorsFile ? parseFacts(file.metadata) : undefined;
  const { spec, size: fits } = recognizeBackboneFile(file, {
    action: `encode by ${path}`,
    ...(facts && { backbone: facts.name }),
    ...(choice.backbone && { backbone: choice.backbone }),
  });
  const size = choice.imageSize || (facts?.size ?? fits);
  const { tensors } = await openBackboneWeights(path, spec, { size });
  return backboneTokenNetwork(spec, tensors, {
    name: nameOfFile(path),
    weightsFile: path,
    size,
    normalize: choice.normalize === "clip"
      ? CLIP_NORMALIZATION
      : choice.normalize === "imagenet"
      ? IMAGENET_NORMALIZATION
      : facts?.normalize ?? IMAGENET_NORMALIZATION,
  });
}

async function openTrained(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  checkOwnPrecision(choice);
  const { spec, tensors, size, normalize, step, folder } = await openTrainedBackbone(path);
  return backboneTokenNetwork(spec, tensors, {
    weightsFile: join(folder, "model.safetensors"),
    name: `${nameOfFile(path)}-${spec.name}-step-${step}`,
    size: choice.imageSize || size,
    normalize,
  });
}

/** A tower for images of the size that is asked for; ConvNeXts, which have their own, are refused later. */
function sizedFor({ imageSize }: TokenNetworkChoice, model: ClipModel): ClipModel {
  return imageSize && model.transformer ? resizedClipModel(model, imageSize) : model;
}

async function openFile(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  const recognized = await (async () => {
    using file = await openClipTensors(path);
    return recognizeClip(file);
  })();
  if (recognized === undefined) return await openBackbone(path, choice);
  const model = await clipModelOfFile(recognized, path, choice.trainingData || undefined);
  return clipTokenNetwork(sizedFor(choice, model), path, {
    precision: choice.precision ?? "float32",
    ...(recognized.name === undefined && { name: model.name }),
  });
}

/** A folder of transformers', which has `config.json` beside the weights, or that of a run. */
async function openFolder(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  const weights = join(path, "model.safetensors");
  const published = await ifThere(Deno.stat(join(path, "config.json"))) !== undefined &&
    await ifThere(Deno.stat(weights)) !== undefined;
  return published ? await openFile(weights, choice) : await openTrained(path, choice);
}

/** A model of CLIP by its name, with the weights of a file or of the hub's cache. */
async function openNamed(choice: TokenNetworkChoice): Promise<TokenNetwork> {
  const { model, weights, precision = "float32" } = choice;
  const trainingData = choice.trainingData || undefined;
  const named = sizedFor(choice, clipModel(model, trainingData));
  if (!weights) {
    const file = await findWeights(named.name, named.pretrained);
    return clipTokenNetwork(named, file, { precision });
  }
  using file = await openClipTensors(weights);
  const layout = findClipLayout(file);
  // A file that is no CLIP's is refused with all that is wrong when the network is loaded.
  const chosen = layout === undefined ? named : sizedFor(
    choice,
    await clipModelOfFile({ name: named.name, layout }, weights, trainingData),
  );
  return clipTokenNetwork(chosen, weights, { precision });
}

/** Refuses a patch that is not the network's, by which GenView's programs cut tokens wrongly without a word. */
function checkPatch({ view, grid, name }: TokenNetwork, patch = 0): void {
  const own = view.size / grid[0];
  if (patch === 0 || patch === own) return;
  throw new GenviewRangeError(
    `Cannot encode by ${name}: --patch-size must be ${own}, or be left out, found ${patch}`,
  );
}

/** Refuses a size that a network does not take: CLIP's towers have theirs. */
function checkImageSize({ view, name }: TokenNetwork, size = 0): void {
  if (size === 0 || size === view.size) return;
  throw new GenviewRangeError(
    `Cannot encode by ${name}: its images have ${view.size} pixels in each direction, found ${size}`,
  );
}

/**
 * Opens a network that makes tokens: a CLIP model by open_clip's name, whose weights are in the hub's cache or in a
 * file; a file of weights, of CLIP or of another backbone; the folder of a run, or of one of its checkpoints; a folder of
 * transformers' with a vision transformer of CLIP's shape of any size, which its `config.json` describes; or, by the name
 * `embedded`, the image encoder of this project's own generator.
 *
 * Of CLIP weights in a file, the publisher's configuration beside it says activation and normalisation; where there is
 * none and the model was published with weights of several kinds, `trainingData` must name them.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../backbones/registry.ts";
 * import { input } from "../engine/graph/value.ts";
 * import { Scope } from "../engine/nn/scope.ts";
 * import { writeSafetensors } from "../weights/safetensors.ts";
 * import { openTokenNetwork } from "./open_token_network.ts";
 *
 * const scope = new Scope();
 * backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 64, 64]));
 * const folder = await Deno.makeTempDir();
 * await writeSafetensors(`${folder}/mine.safetensors`, scope.initialize(1));
 *
 * const { name, grid, width } = await openTokenNetwork({ model: `${folder}/mine.safetensors` });
 * assertEquals([name, grid, width], ["mine", [4, 4], 192]);
 *
 * // By the name of a CLIP model, with a file of weights in place of those that `deno task weights pull` brings; they are
 * // read when a session is created.
 * const weights = `${folder}/mine.safetensors`;
 * const clip = await openTokenNetwork({ model: "ViT-H-14", weights });
 * assertEquals([clip.name, clip.grid, clip.width], ["ViT-H-14-laion2b_s32b_b79k", [16, 16], 1280]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {TypeError} if there is none of the name, its weights are not at hand or do not fit, or are of an unknown kind
 * @throws {RangeError} if the patch or the size of images are not the network's
 * @throws {SyntaxError} if a file breaks a rule of its format
 */
export async function openTokenNetwork(choice: TokenNetworkChoice): Promise<TokenNetwork> {
  if (choice.model === EMBEDDED) {
    return await openTokenNetwork({ ...choice, model: await embeddedImageEncoder() });
  }
  const there = await ifThere(
    explainingFileErrors(`read ${choice.model}`, Deno.stat(choice.model)),
  );
  if (there === undefined && LOOKS_LIKE_PATH.test(choice.model)) {
    throw new GenviewNotFound(
      `Cannot read ${choice.model}: there is no such file or folder; check the path`,
    );
  }
  const network = there === undefined
    ? await openNamed(choice)
    : there.isDirectory
    ? await openFolder(choice.model, choice)
    : await openFile(choice.model, choice);
  checkPatch(network, choice.patchSize);
  checkImageSize(network, choice.imageSize);
  return network;
}
