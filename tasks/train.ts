/**
 * `deno task train`: pretrains a backbone.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { type Configuration, configurationSchema } from "../core/method/configuration.ts";
import { type LoadedMethod, loadMethodByName } from "../core/method/load.ts";
import {
  type PartialConfiguration,
  presetOf,
  readConfiguration,
  resolveConfiguration,
} from "../core/method/resolve_configuration.ts";
import { loadCheckpointState } from "../core/weights/checkpoint/state.ts";
import { readDescription, type RunDescription } from "../core/train/run/run_description.ts";
import { isOwnCheckpoint } from "../core/train/run/run_origin.ts";
import { train } from "../core/train/run/train.ts";
import type { TrainResult } from "../core/train/run/train_options.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { asStarted } from "./cli/program_name.ts";
import { configuredPairEncoder, configuredPairsShown } from "./quality_option.ts";
import { TrainDisplay } from "./cli/train_display.ts";
import { withMethodOptions } from "./cli/training_options.ts";
import { openTrainingData } from "../core/data/mod.ts";
import { configuredEvaluation } from "../core/evaluate/configured_evaluation.ts";

const COMMAND: Command = {
  name: "train",
  summary:
    "Pretrains a backbone without labels. Options on the command line win over those of --config, " +
    "which win over those of --preset.",
  examples: [
    {
      command: "deno task train --preset cifar --data photos/ --epochs 100 --output runs/photos",
      does: "trains ResNet-18 on 32 px views of a folder of images",
    },
    {
      command: "deno task train --output runs/photos --resume latest",
      does: "goes on where that run was stopped or killed",
    },
    {
      command:
        "deno task train --output runs/again --resume runs/photos/checkpoints/step-000001000",
      does: "starts a run of its own from a checkpoint of that one",
    },
    {
      command:
        "deno task train --data photos/ --quality-encoder runs/photos --vis 8 --output runs/weighted",
      does:
        "weighs pairs by the foreground that an earlier run sees; extract-features finds it first",
    },
    {
      command: "deno task train --data photos/ --variations variations/ --output runs/generated",
      does: "cuts one view of each pair from the variation that Stable unCLIP has generated",
    },
    {
      command: "deno task train --method ./my-method/manifest.json --output runs/mine",
      does: "trains with a method of your own",
    },
  ],
  options: {
    type: "object",
    properties: {
      method: {
        type: "string",
        default: "simsiam",
        description: "method by name, or the address of a manifest.json",
      },
      preset: {
        type: "string",
        default: "",
        description: "the method's preset; its first when empty",
      },
      config: {
        type: "string",
        default: "",
        description: "JSON file with any of the options below",
      },
      output: {
        type: "string",
        default: "runs/train",
        description: "folder for checkpoints and logs",
      },
      resume: {
        type: "string",
        default: "",
        description: "go on from a checkpoint: latest, or its path, which may be of another run",
      },
      ...configurationSchema.properties,
    },
  },
};

/** What a run began with. */
type Beginning = Pick<RunDescription, "method" | "configuration">;

/** What the run began with that is resumed, or from whose checkpoint another one starts. */
async function readBeginning(output: string, resume: string): Promise<Beginning> {
  if (isOwnCheckpoint(output, resume)) return await readDescription(output);
  const { method, configuration } = await loadCheckpointState(resume);
  return { method, configuration: configuration as Configuration };
}

/** Checks that a method and a preset are those of the run that is resumed. */
function checkUnchanged(before: Beginning, { manifest }: LoadedMethod, preset?: string): void {
  if (manifest.name !== before.method) {
    throw new GenviewTypeError(
      `Cannot resume: --method must be the run's, which is ${before.method}, found ${manifest.name}`,
    );
  }
  if (preset === undefined) return;
  const was: Readonly<Record<string, unknown>> = { ...resolveConfiguration(before.configuration) };
  const wanted = resolveConfiguration(before.configuration, presetOf(manifest, preset));
  const text = JSON.stringify;
  const different = Object.entries(wanted).filter(([name, value]) =>
    text(value) !== text(was[name])
  ).map(([name, value]) => `${name} was ${text(was[name])}, found ${text(value)}`);
  if (different.length > 0) {
    throw new GenviewTypeError(
      `Cannot resume with --preset ${preset}: it must be what the run began with, or be left out: ${
        different.join("; ")
      }`,
    );
  }
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(await withMethodOptions(COMMAND, args), args, (text) => console.log(text));
  if (parsed === undefined) return;
  const { method: named, preset, config, output: _o, resume, ...given } = parsed.given as
    & PartialConfiguration
    & Record<"method" | "preset" | "config" | "output" | "resume", string | undefined>;
  const folder = String(parsed.values["output"]);
  const before = resume ? await readBeginning(folder, resume) : undefined;
  const method = await loadMethodByName(
    named ?? before?.method ?? String(parsed.values["method"]),
    bundledMethods,
  );
  if (before !== undefined) checkUnchanged(before, method, preset || undefined);
  const configuration = resolveConfiguration(
    before?.configuration ?? presetOf(method.manifest, preset || undefined),
    config ? await readConfiguration(config) : {},
    given,
  );
  const dataset = await openTrainingData(configuration);
  using display = new TrainDisplay();
  const evaluate = await configuredEvaluation(configuration, {
    onWarning: (message) => display.show({ kind: "warning", message }),
  });
  const pairEncoder = await configuredPairEncoder(configuration);
  const pairsShown = configuredPairsShown(configuration, folder);
  using interrupt = interruptSignal();
  const result: TrainResult = await train({
    method,
    configuration,
    dataset,
    output: folder,
    signal: interrupt.signal,
    report: (event) => display.show(event),
    ...(evaluate && { evaluate }),
    ...(pairEncoder && { pairEncoder }),
    ...(pairsShown && { pairsShown }),
    ...(resume && { resume }),
  });
  display[Symbol.dispose]();
  if (result.skipped > 0) {
    console.error(
      `${result.skipped} times an image could not be read, and another came in its place`,
    );
  }
  console.log(
    asStarted(
      result.finished
        ? `trained ${result.step} steps: ${result.checkpoint}`
        : `stopped after ${result.step} steps; go on with: deno task train --output ${folder} --resume latest`,
    ),
  );
}

if (import.meta.main) await runTask(main);
