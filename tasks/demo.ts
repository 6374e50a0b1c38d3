/**
 * `deno task demo`: pretrains SimSiam on emoji from scratch, evaluates it and writes a report.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { providerOption } from "../core/schema/provider_option.ts";
import { loadMethodByName } from "../core/method/load.ts";
import { GenviewAlreadyExists } from "../core/errors/mod.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openDevice } from "../core/engine/ort/mod.ts";
import { FolderLock } from "../core/files/folder_lock.ts";
import { presetOf, resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { train } from "../core/train/run/train.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { type Dataset, openData, type OpenDataOptions, subset } from "../core/data/mod.ts";
import { findMasks } from "./demo/masks.ts";
import { reportRun, type WrittenRunReport } from "../core/report/mod.ts";
import { trainWeighted } from "./demo/weighted.ts";
import { evaluationOf } from "../core/evaluate/configured_evaluation.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { type MaskComparison, type MaskQuality } from "../core/masking/mod.ts";
import { openTokenNetwork } from "../core/encoders/open_token_network.ts";
import { MaskingDisplay } from "./cli/masking_display.ts";
import { refuseRanks } from "./cli/ranks.ts";
import { TrainDisplay } from "./cli/train_display.ts";

const COMMAND = command({
  name: "demo",
  summary:
    "Pretrains a ResNet-18 with SimSiam on Noto emoji, without labels and from scratch, classifies Twemoji by its " +
    "features, finds the foreground by them, weights the pairs of a second run by that, and writes a report. Takes " +
    "some minutes on two cores.",
  examples: [
    { command: "deno task demo", does: "trains in runs/demo and writes report/index.html" },
    {
      command: "deno task demo --seed 1 --output runs/demo-1 --report report-1",
      does: "once more with other random numbers",
    },
    {
      command: "deno task demo --weighted-epochs 12 --output runs/demo-12 --report report-12",
      does: "with a second run as long as the first, so that they may be compared",
    },
    { command: "deno task demo --resume", does: "resumes a demo that was stopped" },
  ],
  options: {
    type: "object",
    properties: {
      output: {
        type: "string",
        default: "runs/demo",
        description: "folder for checkpoints and logs",
      },
      report: { type: "string", default: "report", description: "folder for the report" },
      resume: { type: "boolean", default: false, description: "resume a demo that was stopped" },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of all randomness" },
      epochs: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "passes over the data (0: as many as the preset has)",
      },
      images: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "emoji of each set that are used, evenly out of all (0: all)",
      },
      weightedEpochs: {
        type: "integer",
        minimum: 0,
        default: 1,
        description: "epochs of the second run, whose pairs are weighted by the first (0: none)",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
      providerOption,
    },
  },
});

/** Height and width at which the network looks for foregrounds: at that of training it has a single token. */
const MASK_SIZE = 96;

/** So many samples of a data set, evenly out of all; 0 for all. */
function thinned(dataset: Dataset, count: number): Dataset {
  if (count === 0 || count >= dataset.length) return dataset;
  const index = (i: number) => Math.floor((i * dataset.length) / count);
  return subset(dataset, Array.from({ length: count }, (_, i) => index(i)));
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The figures for people, each beside its chance level. */
function describe({ before, after, page }: WrittenRunReport, masks: MaskComparison): string {
  const { chance, retrieval } = after.features;
  const level = `chance ${percent(chance.balanced)}, most frequent class ${
    percent(chance.majority)
  }`;
  const agreement = ({ intersectionOverUnion, ratioCorrelation }: MaskQuality) =>
    `${intersectionOverUnion.toFixed(3)} (correlation of the ratio ${ratioCorrelation.toFixed(3)})`;
  return [
    `kNN before training ${percent(before.features.knn.top1)}, after ${
      percent(after.features.knn.top1)
    } (${level})`,
    `linear probe on cached features before ${percent(before.probe.top1)}, after ${
      percent(after.probe.top1)
    } (${level})`,
    `same emoji found first before ${
      percent(before.features.retrieval!.forward.recallAt1)
    }, after ${percent(retrieval!.forward.recallAt1)} (chance ${
      percent(retrieval!.forward.chance.recallAt1)
    })`,
    `masks against the truth, intersection over union: ${agreement(masks.masks)}; by chance ${
      agreement(masks.random)
    }; square in the middle ${agreement(masks.centerSquare)}`,
    `report: ${page}`,
  ].join("\n");
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  refuseRanks("demo");
  const { values } = parsed;
  if (existsSync(join(values.report, "index.html"))) {
    throw new GenviewAlreadyExists(
      `Cannot write the report to ${values.report}: it holds one; name another folder with --report`,
    );
  }
  using _output = await FolderLock.acquire(values.output, { name: "demo" });
  using _report = await FolderLock.acquire(values.report);
  const began = performance.now();
  const method = await loadMethodByName("simsiam", bundledMethods);
  const { seed, epochs, device, providerOption } = values;
  const configuration = resolveConfiguration(
    presetOf(method.manifest, "demo"),
    { seed, device, providerOption, ...(epochs > 0 && { epochs }) },
  );
  const open = async (name: string, use: OpenDataOptions) =>
    thinned(await openData(name, use), values.images);
  const training = await open(configuration.data, { redraw: true, seed });
  const bank = await open(configuration.data, { redraw: false });
  const queries = await open(configuration.evaluationData, { redraw: false });

  using display = new TrainDisplay();
  const evaluate = await evaluationOf(bank, queries, configuration, {
    onWarning: (message) => display.show({ kind: "warning", message }),
  });
  using interrupt = interruptSignal();
  const result = await train({
    method,
    configuration,
    dataset: training,
    output: values.output,
    signal: interrupt.signal,
    report: (event) => display.show(event),
    evaluate,
    ...(values.resume && { resume: "latest" }),
  });
  display[Symbol.dispose]();
  const hint = "resume with the same command and --resume";
  if (!result.finished) {
    return console.log(`stopped after ${counted(result.step, "step")}; ${hint}`);
  }
  const where = await openDevice(device, providerOption);
  const network = await openTokenNetwork({
    model: values.output,
    imageSize: MASK_SIZE,
  });
  using masksDisplay = new MaskingDisplay();
  const masks = await findMasks(network, bank, {
    folder: join(values.output, "pca_results", network.name),
    dtype: "float16",
    batchSize: configuration.batchSize,
    device: where,
    signal: interrupt.signal,
    report: (event) => masksDisplay.show(event),
  });
  masksDisplay[Symbol.dispose]();
  if (masks === undefined) return console.log(`stopped while looking for foregrounds; ${hint}`);
  const weighted = values.weightedEpochs === 0 ? undefined : await trainWeighted({
    method,
    configuration,
    dataset: training,
    encoder: values.output,
    component: masks.component,
    imageSize: MASK_SIZE,
    epochs: values.weightedEpochs,
    output: join(values.output, "weighted"),
    signal: interrupt.signal,
    evaluate,
  });
  if (weighted === undefined && values.weightedEpochs > 0) {
    return console.log(`stopped in the second run; ${hint}`);
  }
  const written = await reportRun({
    method,
    configuration,
    training,
    bank,
    queries,
    device: where,
    run: values.output,
    checkpoint: result.checkpoint,
    title: `${method.manifest.title} on emoji`,
    names: { training: "Noto emoji", bank: "Noto emoji", queries: "Twemoji" },
    sections: [masks.section, ...(weighted ? [weighted] : [])],
    ...(!values.resume && { minutes: () => (performance.now() - began) / 60_000 }),
    notes: [
      "Noto emoji: Apache-2.0, Google. Twemoji: CC-BY 4.0, Twitter and contributors.",
      "Both are composed onto random backgrounds; the backgrounds of the two sets have nothing in common.",
      "One of the two views of a pair is cut from a variation: the same emoji on another background, in the place of a generated image.",
    ],
  }, values.report);
  console.log(describe(written, masks.comparison));
}

if (import.meta.main) await runTask(main);
