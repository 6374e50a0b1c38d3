/**
 * The options of every task that runs a network that makes tokens.
 *
 * @module
 */
import { clipModelNames } from "../backbones/clip_models.ts";
import { providerOption, type ProviderOptionSchema } from "../schema/provider_option.ts";

/**
 * A text, empty where nothing is asked for.
 *
 * @internal
 */
type Text = {
  readonly group: string;
  readonly type: "string";
  readonly default: string;
  readonly description: string;
};

/**
 * A number of pixels or threads, 0 where nothing is asked for.
 *
 * @internal
 */
type Count = {
  readonly group: string;
  readonly type: "integer";
  readonly minimum: 0;
  readonly maximum: number;
  readonly default: 0;
  readonly description: string;
};

/**
 * One of some texts.
 *
 * @internal
 */
type Choice<Names extends string> = {
  readonly group: string;
  readonly type: "string";
  readonly enum: readonly Names[];
  readonly default: Names;
  readonly description: string;
};

/** JSON Schemas of the options that say what {@linkcode openTokenNetwork} opens, and where it runs. */
export interface TokenNetworkOptions {
  /** CLIP model, file of weights or run. */
  readonly model: Text;
  /** Name of a CLIP model's weights. */
  readonly trainingData: Text;
  /** File of a CLIP model's weights. */
  readonly weights: Text;
  /** Network that a file is of. */
  readonly backbone: Text;
  /** Height and width of the images, in pixels. */
  readonly imageSize: Count;
  /** Statistics that a file's backbone was trained with. */
  readonly normalize: Choice<"auto" | "imagenet" | "clip">;
  /** Height and width of a patch, in pixels. */
  readonly patchSize: Count;
  /** Element type that is computed in. */
  readonly precision: Choice<"float32" | "float16">;
  /** Device. */
  readonly device: Text;
  /** Options of the device's execution provider. */
  readonly providerOption: ProviderOptionSchema & { readonly group: string };
  /** Threads on the CPU. */
  readonly threads: Count;
}

/** Headings of the help under which the options stand. */
const NETWORK = "Network";
const DEVICE = "Device";

function text(group: string, description: string, fallback = ""): Text {
  return { group, type: "string", default: fallback, description };
}

function count(group: string, maximum: number, description: string): Count {
  return { group, type: "integer", minimum: 0, maximum, default: 0, description };
}

/** Options of every task that runs a network that makes tokens. */
export const TOKEN_NETWORK_OPTIONS: TokenNetworkOptions = {
  model: text(
    NETWORK,
    `encoder: ${
      clipModelNames.join(", ")
    }, a file of weights (CLIP's, exported by "deno task export", or another training program's), the folder of ` +
      "a run, a folder of transformers' with a CLIP of any size, or embedded for that of the project's own generator",
    "ViT-H-14",
  ),
  trainingData: text(
    NETWORK,
    "name of a CLIP model's weights, on which activation and normalisation depend: by default the model's first, for " +
      "ViT-H-14 laion2b_s32b_b79k; of a file, what the publisher's configuration beside it says",
  ),
  weights: text(
    NETWORK,
    'file with the weights of a CLIP model; the one that "deno task weights pull" brought when empty',
  ),
  backbone: text(NETWORK, "network that a file's weights are of; found by its tensors when empty"),
  imageSize: count(
    NETWORK,
    16384,
    "height and width of the images, to which the positions of a ViT are resampled (0: those of training)",
  ),
  normalize: {
    group: NETWORK,
    type: "string",
    enum: ["auto", "imagenet", "clip"],
    default: "auto",
    description:
      "statistics that a file's backbone was trained with; auto are those that it names, or " +
      "else ImageNet's; runs and CLIP know theirs",
  },
  patchSize: count(
    NETWORK,
    1024,
    "patch of the network, checked against it when given, as a number of pixels (0: the network's)",
  ),
  precision: {
    group: NETWORK,
    type: "string",
    enum: ["float32", "float16"],
    default: "float32",
    description: "type that CLIP's towers compute in; float16 is for CUDA",
  },
  device: text(DEVICE, "auto, cpu, cuda, cuda:N or webgpu", "auto"),
  providerOption: { ...providerOption, group: DEVICE },
  threads: count(DEVICE, 1024, "threads (0: all cores)"),
};
