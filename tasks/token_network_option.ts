/**
 * Networks that make tokens, as tasks are given them: a published name, a file of weights, or a run of ours.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../core/errors/mod.ts";
import { basename, join } from "node:path";
import {
  backbone,
  backboneNames,
  type BackboneSpec,
  clipModel,
  clipModelNames,
  recognizeBackbones,
} from "../core/backbones/mod.ts";
import { backboneTokenNetwork, clipTokenNetwork, type TokenNetwork } from "../core/encoders/mod.ts";
import { clipLayoutOf, findClipLayout } from "../core/backbones/clip_layouts.ts";
import { clipTensors } from "../core/backbones/clip_weights.ts";
import { CLIP_NORMALIZATION, IMAGENET_NORMALIZATION } from "../core/data/views/presets.ts";
import type { Normalization } from "../core/data/views/recipe.ts";
import { sameShape } from "../core/engine/graph/shape.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import type { PropertySchema } from "../core/schema/schema.ts";
import { openRun } from "../core/train/run/open_run.ts";
import { backboneStateDict, parseFacts } from "../core/encoders/export_backbone.ts";
import { viewRecipes } from "../core/data/views/named_views.ts";
import { defaultHubCache } from "../core/weights/hub_cache.ts";
import { openTensors } from "../core/weights/open_tensors.ts";
import { findPulled } from "../core/weights/pull.ts";
import { SafetensorsFile } from "../core/weights/safetensors.ts";
import type { TensorFile } from "../core/weights/tensor_file.ts";
import { readCatalog, wantedFiles } from "../core/weights/catalog.ts";

/** Options of every task that runs such a network. */
export const TOKEN_NETWORK_OPTIONS: Readonly<Record<string, PropertySchema>> = {
  model: {
    type: "string",
    default: "ViT-H-14",
    description: `encoder: ${
      clipModelNames.join(", ")
    }, a file of weights (CLIP's, or exported by "deno task export"), or the folder of a run`,
  },
  trainingData: {
    type: "string",
    default: "",
    description:
      "name of a CLIP model's weights; its first when empty, for ViT-H-14 laion2b_s32b_b79k",
  },
  weights: {
    type: "string",
    default: "",
    description:
      'file with the weights of a CLIP model; the one that "deno task weights pull" brought when empty',
  },
  backbone: {
    type: "string",
    default: "",
    description: "network that an exported file is of; found by its tensors when empty",
  },
  imageSize: {
    type: "integer",
    minimum: 0,
    default: 0,
    description: "height and width of an own backbone's images (0: those of training)",
  },
  normalize: {
    type: "string",
    enum: ["auto", "imagenet", "clip"],
    default: "auto",
    description:
      "statistics that a file's backbone was trained with; auto are those that it names, or " +
      "else ImageNet's; runs and CLIP know theirs",
  },
  patchSize: {
    type: "integer",
    minimum: 0,
    default: 0,
    description: "patch of the network, checked against it when given, as a number of pixels",
  },
  precision: {
    type: "string",
    enum: ["float32", "float16"],
    default: "float32",
    description: "type that CLIP's towers compute in; float16 is for CUDA",
  },
  device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
  threads: { type: "integer", minimum: 0, default: 0, description: "threads (0: all cores)" },
};

/** What those options come to. */
export interface TokenNetworkChoice {
  readonly model: string;
  readonly trainingData: string;
  readonly weights: string;
  readonly backbone: string;
  readonly imageSize: number;
  readonly normalize: string;
  readonly patchSize: number;
  readonly precision: "float32" | "float16";
}

/** The choice of those who give no option. */
export const DEFAULT_TOKEN_NETWORK: TokenNetworkChoice = Object.fromEntries(
  Object.entries(TOKEN_NETWORK_OPTIONS).map(([name, schema]) => [name, schema.default]),
) as unknown as TokenNetworkChoice;

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A name that a folder may have, from a path. */
function nameOf(path: string): string {
  return basename(path.replace(/\/+$/, "")).replace(/\.(safetensors|bin|pth|pt)$/, "");
}

/** Where `deno task weights pull` has put the weights of a CLIP model. */
async function findWeights(name: string, pretrained: string): Promise<string> {
  const catalog = await readCatalog("");
  const sets: string[] = [];
  for (const [set, entry] of Object.entries(catalog.weights)) {
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

/** The CLIP model whose tensors a file has. */
function recognizeClip(file: TensorFile): string {
  const layout = clipLayoutOf(file);
  const found = clipModelNames.find((name) => {
    const expected = clipTensors(clipModel(name), layout);
    return [...expected].every(([key, { shape }]) =>
      file.has(key) && sameShape(file.type(key).shape, shape)
    );
  });
  if (found !== undefined) return found;
  throw new GenviewTypeError(
    `Cannot encode by ${file.path}: its image tower must be that of ${
      clipModelNames.join(", ")
    }, found other tensors`,
  );
}

/** The backbone that an exported file is of. */
function exportedBackbone(
  file: TensorFile,
  asked: string,
): { readonly spec: BackboneSpec; readonly size?: number } {
  const types = new Map(file.names.map((name) => [name, file.type(name)]));
  const candidates = recognizeBackbones(types);
  if (asked !== "") {
    // Refuses unknown names, and says which are known.
    const { name } = backbone(asked);
    const chosen = candidates.find(({ spec }) => spec.name === name);
    if (chosen !== undefined) return chosen;
  }
  const [only, ...others] = asked === "" ? candidates : [];
  if (only !== undefined && others.length === 0) return only;
  const names = candidates.map(({ spec }) => spec.name);
  throw new GenviewTypeError(
    `Cannot encode by ${file.path}: ${
      only !== undefined
        ? `--backbone must say which it is, found tensors of ${names.join(" and of ")}`
        : asked !== ""
        ? `its tensors must be those of ${asked}, found ${names.join(" and ") || "others"}`
        : `its tensors must be those of one of ${backboneNames.join(", ")}, or of a CLIP model`
    }`,
  );
}

/** Backbones of ours compute in what they were trained in. */
function checkOwnPrecision({ model, precision }: TokenNetworkChoice): void {
  if (precision === "float32") return;
  throw new GenviewTypeError(
    `Cannot encode by ${model} in ${precision}: only CLIP's towers can, backbones of ours take float32`,
  );
}

async function openExported(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  using file = await openTensors(path);
  const facts = file instanceof SafetensorsFile ? parseFacts(file.metadata) : undefined;
  const { spec, size } = exportedBackbone(file, choice.backbone || (facts?.name ?? ""));
  const weights = new Map<string, Tensor>();
  for (const name of file.names) weights.set(name, await file.read(name));
  const small = weights.get("conv1.weight")?.shape[2] === 3;
  const normalize: Normalization = choice.normalize === "clip"
    ? CLIP_NORMALIZATION
    : choice.normalize === "auto" && facts !== undefined
    ? facts.normalize
    : IMAGENET_NORMALIZATION;
  return backboneTokenNetwork(spec, weights, {
    name: nameOf(path),
    weightsFile: path,
    size: choice.imageSize || (facts?.size ?? size ?? (small ? 32 : spec.inputSize)),
    normalize,
  });
}

async function openTrained(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  checkOwnPrecision(choice);
  const { checkpoint, configuration, path: newest } = await openRun(path);
  const { backbone: name, stem, zeroInitResidual, imageSize } = configuration;
  return backboneTokenNetwork(
    backbone(name, { stem, zeroInitResidual }),
    backboneStateDict(checkpoint.model),
    {
      weightsFile: join(newest, "model.safetensors"),
      name: `${nameOf(path)}-${name}-step-${checkpoint.state.step}`,
      size: choice.imageSize || imageSize,
      normalize: viewRecipes(configuration)[0]!.normalize,
    },
  );
}

async function openFile(path: string, choice: TokenNetworkChoice): Promise<TokenNetwork> {
  let name: string | undefined;
  {
    using file = await openTensors(path);
    if (findClipLayout(file) !== undefined) {
      name = recognizeClip(file);
    }
  }
  if (name === undefined) {
    checkOwnPrecision(choice);
    return await openExported(path, choice);
  }
  const { trainingData, precision } = choice;
  return clipTokenNetwork(clipModel(name, trainingData || undefined), path, { precision });
}

async function openNamed({ model, trainingData, weights, precision }: TokenNetworkChoice) {
  const chosen = clipModel(model, trainingData || undefined);
  return clipTokenNetwork(
    chosen,
    weights || await findWeights(chosen.name, chosen.pretrained),
    { precision },
  );
}

/** Refuses a patch that is not the network's, by which GenView's programs cut tokens wrongly without a word. */
function checkPatch({ view, grid, name }: TokenNetwork, patch: number): void {
  const own = view.size / grid[0];
  if (patch === 0 || patch === own) return;
  throw new GenviewRangeError(
    `Cannot encode by ${name}: --patch-size must be ${own}, or be left out, found ${patch}`,
  );
}

/** Refuses a size that a network does not take: CLIP's towers have theirs. */
function checkImageSize({ view, name }: TokenNetwork, size: number): void {
  if (size === 0 || size === view.size) return;
  throw new GenviewRangeError(
    `Cannot encode by ${name}: its images have ${view.size} pixels in each direction, found ${size}`,
  );
}

/**
 * Opens the network that the options name.
 *
 * @throws {TypeError} if there is none of the name, its weights are not at hand, or do not fit
 */
export async function openTokenNetwork(choice: TokenNetworkChoice): Promise<TokenNetwork> {
  const kind = await kindOf(choice.model);
  const network = kind === "folder"
    ? await openTrained(choice.model, choice)
    : kind === "file"
    ? await openFile(choice.model, choice)
    : await openNamed(choice);
  checkPatch(network, choice.patchSize);
  checkImageSize(network, choice.imageSize);
  return network;
}
