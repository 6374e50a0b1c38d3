/**
 * `deno task train`: pretrains a backbone.
 *
 * @module
 */
import { join } from "node:path";
import { configurationSchema } from "../core/method/configuration.ts";
import {
  type PartialConfiguration,
  presetOf,
  resolveConfiguration,
} from "../core/method/resolve_configuration.ts";
import { train } from "../core/train/train.ts";
import type { TrainResult } from "../core/train/train_options.ts";
import { type Command, parseCommandLine, runTask } from "./command_line.ts";
import { methodOf } from "./method_option.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { configuredPairEncoder, configuredPairsShown } from "./quality_option.ts";
import { TrainDisplay } from "./train_display.ts";
import { openTrainingData } from "./data_option.ts";
import { configuredEvaluation } from "./evaluation_option.ts";

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
        description: "go on from a checkpoint: latest, or its path",
      },
      ...configurationSchema.properties,
    },
  },
};

async function readConfig(path: string): Promise<PartialConfiguration> {
  const text = await Deno.readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read configuration ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** What a run that is resumed began with. */
async function readRun(
  output: string,
): Promise<{ method: string; configuration: PartialConfiguration }> {
  const path = join(output, "configuration.json");
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new Deno.errors.NotFound(
      `Cannot resume the run in ${output}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parseCommandLine(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const { method: _m, preset, config, output: _o, resume, ...given } = parsed.given as
    & PartialConfiguration
    & Record<"method" | "preset" | "config" | "output" | "resume", string | undefined>;
  const folder = String(parsed.values["output"]);
  const before = resume ? await readRun(folder) : undefined;
  const method = await methodOf(before?.method ?? String(parsed.values["method"]));
  const configuration = resolveConfiguration(
    before?.configuration ?? presetOf(method.manifest, preset || undefined),
    config ? await readConfig(config) : {},
    given,
  );
  const dataset = await openTrainingData(configuration);
  const evaluate = await configuredEvaluation(configuration);
  const pairEncoder = await configuredPairEncoder(configuration);
  const pairsShown = configuredPairsShown(configuration, folder);
  using display = new TrainDisplay(method, configuration);
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
    result.finished
      ? `trained ${result.step} steps: ${result.checkpoint}`
      : `stopped after ${result.step} steps; go on with: deno task train --output ${folder} --resume latest`,
  );
}

if (import.meta.main) await runTask(main);
