/**
 * Evaluation of a run that is named by its folder.
 *
 * @module
 */
import { configuredRecipe } from "../../evaluate/configured_evaluation.ts";
import { parseProtocol } from "../../evaluate/protocols.ts";
import type { EncoderName } from "../../evaluate/results.ts";
import {
  evaluateNetwork,
  type EvaluateNetworkOptions,
  type NetworkEvaluation,
} from "./evaluate_network.ts";
import { encoderTensors } from "./evaluated_encoder.ts";
import { runFolderOf } from "./evaluation_log.ts";
import { openRun } from "./open_run.ts";
import { configuredBackbone } from "./run_plan.ts";

/** On what a run is evaluated, and how. */
export interface EvaluateRunOptions extends EvaluateNetworkOptions {
  /** Which encoder is evaluated (default `online`). */
  readonly encoder?: EncoderName;
  /** Whether results are added to the run's `results.json` and TensorBoard events (default true). */
  readonly log?: boolean;
}

/**
 * Evaluates a run at its newest whole checkpoint, or the checkpoint whose folder is named, as {@linkcode evaluateNetwork}
 * does, with the run's data, cut of images and folder.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../../plugins/mod.ts";
 * import { sharp } from "../../deps/sharp.ts";
 * import { evaluateRun } from "./evaluate_run.ts";
 * import { pretrain } from "./pretrain.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const [data, output] = [`${folder}/photos`, `${folder}/run`];
 * for (const [name, background] of Object.entries({ dark: "#222", light: "#ccc" })) {
 *   await Deno.mkdir(`${data}/${name}`, { recursive: true });
 *   for (let i = 0; i < 4; i++) {
 *     await sharp({ create: { width: 32 + i, height: 32, channels: 3, background } })
 *       .png().toFile(`${data}/${name}/${i}.png`);
 *   }
 * }
 * const options = { projectorWidth: 16, predictorWidth: 8 };
 * const configuration = { data, stem: "imagenet", epochs: 1, options } as const;
 * await pretrain({ output, preset: "cifar", configuration }, { methods: bundledMethods });
 *
 * const { results } = await evaluateRun(output, { heldOutShare: 0.25, k: [1, 3] });
 * assertEquals(results.map(({ name }) => name), [
 *   "kNN k=1 T=0.07",
 *   "kNN k=3 T=0.07",
 *   "probe lightly (cached)",
 * ]);
 * // Images of one colour are told apart by any network.
 * assertEquals(results[0]!.figures, { top1: 1, top5: 1 });
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param path a run's folder, or that of one of its checkpoints
 * @throws {Deno.errors.NotFound} if there is neither
 * @throws {TypeError} if the data cannot be opened or compared, there is no such protocol, recipe or encoder
 * @throws {RangeError} if an option is out of range
 */
export async function evaluateRun(
  path: string,
  { encoder = "online", log = true, ...options }: EvaluateRunOptions = {},
): Promise<NetworkEvaluation> {
  // Before anything is opened.
  options.protocols?.forEach(parseProtocol);
  const run = await openRun(path);
  const { checkpoint: { state }, configuration, passedOver } = run;
  const leads = options.group === undefined || options.group.rank === 0;
  for (const { reason } of leads ? passedOver : []) {
    options.report?.({ kind: "warning", message: `Passed over a damaged checkpoint: ${reason}` });
  }
  return await evaluateNetwork({
    backbone: configuredBackbone(configuration),
    tensors: encoderTensors(run, encoder),
    recipe: configuredRecipe(configuration),
    checkpoint: { step: state.step, epoch: state.epoch, path: run.path },
    encoder,
    data: configuration,
    configuration,
    folder: log ? runFolderOf(run.path) : undefined,
  }, { loaders: configuration.loaders, ...options });
}
