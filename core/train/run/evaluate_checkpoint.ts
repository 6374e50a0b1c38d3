/**
 * Evaluation of a checkpoint of any training program, published or one's own.
 *
 * @module
 */
import {
  CLIP_NORMALIZATION,
  evaluationRecipe,
  IMAGENET_NORMALIZATION,
} from "../../data/views/presets.ts";
import { recognizeBackboneFile } from "../../encoders/backbone_file.ts";
import { openBackboneWeights } from "../../encoders/backbone_weights.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { parseProtocol } from "../../evaluate/protocols.ts";
import { makeFolder } from "../../files/new_file.ts";
import { resolveConfiguration } from "../../method/resolve_configuration.ts";
import type { EncoderRole } from "../../weights/layouts/layouts.ts";
import { openTensors } from "../../weights/open_tensors.ts";
import {
  evaluateNetwork,
  type EvaluateNetworkOptions,
  type NetworkEvaluation,
} from "./evaluate_network.ts";

/** On what a checkpoint is evaluated, and how. */
export interface EvaluateCheckpointOptions extends EvaluateNetworkOptions {
  /** Statistics that its images were normalised with, which no file says. */
  readonly normalize: "imagenet" | "clip";
  /** Name of its backbone (default the one whose tensors it has). */
  readonly backbone?: string;
  /** Which of its encoders (default `online`). */
  readonly encoder?: EncoderRole;
  /** Height and width of the images, in pixels (default those of the backbone). */
  readonly imageSize?: number;
  /** Passes over the data that it was trained for, which results keep (default 0, not known). */
  readonly trainedEpochs?: number;
  /** Folder that results and checkpoints of trainings are written to; nothing is written without one. */
  readonly output?: string;
}

/** Reads the backbone of a file, with its parameters under the names of a run. */
async function openNetwork(
  path: string,
  { backbone, encoder = "online", imageSize }: EvaluateCheckpointOptions,
) {
  const { spec, size } = await (async () => {
    using file = await openTensors(path);
    const { spec, size } = recognizeBackboneFile(file, {
      action: `evaluate ${path}`,
      encoder,
      ...(backbone && { backbone }),
    });
    return { spec, size: imageSize || size };
  })();
  const { tensors, missing } = await openBackboneWeights(path, spec, { size, encoder });
  if (missing.length > 0) {
    throw new GenviewTypeError(
      `Cannot evaluate ${path}: it must hold all of ${spec.name}, found no ${missing[0]}` +
        (missing.length > 1 ? ` and not ${missing.length - 1} more` : ""),
    );
  }
  const named = new Map([...tensors].map(([name, value]) => [`backbone.${name}`, value]));
  return { spec, size, tensors: named };
}

/**
 * Evaluates the backbone of a checkpoint as {@linkcode evaluateNetwork} does.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../../backbones/registry.ts";
 * import { sharp } from "../../deps/sharp.ts";
 * import { input } from "../../engine/graph/value.ts";
 * import { Scope } from "../../engine/nn/scope.ts";
 * import { writeSafetensors } from "../../weights/safetensors.ts";
 * import { evaluateCheckpoint } from "./evaluate_checkpoint.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const [name, background] of Object.entries({ dark: "#222", light: "#ccc" })) {
 *   await Deno.mkdir(`${folder}/photos/${name}`, { recursive: true });
 *   for (let i = 0; i < 4; i++) {
 *     await sharp({ create: { width: 32 + i, height: 32, channels: 3, background } })
 *       .png().toFile(`${folder}/photos/${name}/${i}.png`);
 *   }
 * }
 * const scope = new Scope();
 * scope.enter("module.encoder_q", (inner) =>
 *   backbone("resnet18").apply(inner, input("images", "float32", [1, 3, 64, 64])));
 * await writeSafetensors(`${folder}/moco.safetensors`, scope.initialize(0));
 *
 * const { results } = await evaluateCheckpoint(`${folder}/moco.safetensors`, {
 *   normalize: "imagenet",
 *   imageSize: 32,
 *   train: `${folder}/photos`,
 *   heldOutShare: 0.25,
 *   protocols: ["knn"],
 * });
 * // Images of one colour are told apart by any network.
 * assertEquals(results.map(({ figures }) => figures.top1), [1]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param path a file of safetensors or PyTorch's
 * @throws {TypeError} if it holds no backbone that is known or not all of it, no data are named, or as `evaluateNetwork`
 * @throws {RangeError} if an option is out of range
 */
export async function evaluateCheckpoint(
  path: string,
  options: EvaluateCheckpointOptions,
): Promise<NetworkEvaluation> {
  const { normalize, encoder = "online", trainedEpochs = 0, output, train } = options;
  // Before anything is opened.
  options.protocols?.forEach(parseProtocol);
  if (!train) {
    throw new GenviewTypeError(
      `Cannot evaluate ${path}: --train must name labelled images, found none`,
    );
  }
  const { spec, size, tensors } = await openNetwork(path, options);
  if (output !== undefined) await makeFolder(output);
  const statistics = normalize === "clip" ? CLIP_NORMALIZATION : IMAGENET_NORMALIZATION;
  return await evaluateNetwork({
    backbone: spec,
    tensors,
    recipe: evaluationRecipe(size, statistics),
    checkpoint: { step: 0, epoch: trainedEpochs, path },
    encoder,
    data: { data: train, evaluationData: "" },
    configuration: resolveConfiguration({ backbone: spec.name, imageSize: size }),
    folder: output,
  }, options);
}
