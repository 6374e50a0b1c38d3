/**
 * The report of a training run: what its network can do before training and after, the curves, and pictures.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import type { Dataset } from "../data/dataset.ts";
import { viewRecipes } from "../data/views/named_views.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { describeDevice, type Device, ortVersion } from "../engine/ort/mod.ts";
import { configuredRecipe } from "../evaluate/configured_evaluation.ts";
import { PROBE_MODE } from "../evaluate/probe_backbone.ts";
import type { Configuration } from "../method/configuration.ts";
import type { TrainableMethod } from "../method/load.ts";
import { openCompiler } from "../train/compile/method_compiler.ts";
import { configuredVariations } from "../train/run/generated_views.ts";
import { readRunLogs } from "../train/log/run_logs.ts";
import { uniformSpread } from "../train/step/embedding_spread.ts";
import type { MethodFacts } from "../train/step/method_facts.ts";
import { loadCheckpoint } from "../weights/checkpoint/checkpoint.ts";
import { percent } from "./describe_curve.ts";
import { mapSection } from "./map_section.ts";
import { type NamedScores, neighboursSection } from "./neighbours_section.ts";
import { type NetworkScores, scoreNetwork } from "./network_scores.ts";
import { viewsSection } from "./picture_sections.ts";
import { type Card, type Section, writeReport } from "./report.ts";
import {
  configurationSection,
  lossSection,
  metricSection,
  spreadSection,
  timingSection,
} from "./training_sections.ts";

/** What a report of a run is made from. */
export interface RunReportOptions {
  /** The method that the run was trained with. */
  readonly method: TrainableMethod;
  /** The run's configuration. */
  readonly configuration: Configuration;
  /** What it was trained on. */
  readonly training: Dataset;
  /** Labelled images that vote and train the probe. */
  readonly bank: Dataset;
  /** Labelled images that are classified. */
  readonly queries: Dataset;
  /** Where to compute. */
  readonly device: Device;
  /** Folder of the run. */
  readonly run: string;
  /** Folder of the checkpoint that is evaluated. */
  readonly checkpoint: string;
  /** Heading of the page (default the method's title and the name of the training data). */
  readonly title?: string;
  /** What readers call the images (default the names of the data sets). */
  readonly names?: { readonly training: string; readonly bank: string; readonly queries: string };
  /** Minutes that all of it took, where that is known. */
  readonly minutes?: () => number;
  /** Further sections, before those of time and configuration. */
  readonly sections?: readonly Section[];
  /** Remarks at the end. */
  readonly notes?: readonly string[];
}

/** A report that was written, and its figures. */
export interface WrittenRunReport {
  /** File of the page. */
  readonly page: string;
  /** Scores of the run's initial weights. */
  readonly before: NetworkScores;
  /** Scores of the checkpoint. */
  readonly after: NetworkScores;
}

/** Fewer images have no map. */
const LEAST_MAPPED = 4;

type Names = NonNullable<RunReportOptions["names"]>;

/** What is known of the run's graph, and the weights that it started with. */
async function compiled(
  { method, configuration }: RunReportOptions,
): Promise<readonly [MethodFacts, ReadonlyMap<string, Tensor>]> {
  await using compiler = openCompiler(method);
  const viewSizes = viewRecipes(configuration).map(({ size }) => size);
  const request = { configuration, viewSizes, tuning: {} };
  return [await compiler.inspect(request), await compiler.weights(request)];
}

/** The numbers at the head of the report, each beside its chance level. */
function cards(before: NetworkScores, after: NetworkScores, names: Names): Card[] {
  const { chance, retrieval } = after.features;
  const level = `chance ${percent(chance.balanced)}, most frequent class ${
    percent(chance.majority)
  }`;
  const found = retrieval?.forward;
  const first = before.features.retrieval?.forward;
  return [
    {
      label: "Nearest neighbours",
      value: percent(after.features.knn.top1),
      note:
        `of ${names.queries} given the right one of ${chance.classes} classes by ${names.bank} neighbours; ` +
        `${percent(before.features.knn.top1)} before training; ${level}`,
    },
    {
      label: "Linear probe",
      value: percent(after.probe.top1),
      note: `on ${PROBE_MODE}, of ${names.bank}, tested on ${names.queries}; ${
        percent(before.probe.top1)
      } before; ${level}`,
    },
    ...(found && first
      ? [{
        label: "Counterpart first",
        value: percent(found.recallAt1),
        note:
          `of ${names.queries} have their counterpart as the nearest of ${after.features.bank.indices.length} ` +
          `${names.bank}; ${percent(first.recallAt1)} before; chance ${
            percent(found.chance.recallAt1)
          }`,
      }]
      : []),
  ];
}

function subtitle(
  { configuration, training, device, minutes }: RunReportOptions,
  names: Names,
): string {
  const { backbone, epochs, imageSize, seed } = configuration;
  const took = minutes === undefined ? "" : `in ${minutes().toFixed(1)} minutes `;
  return `${backbone}, ${
    counted(epochs, "epoch")
  } of ${training.length} ${names.training} at ${imageSize} px without labels, ` +
    `seed ${seed}, ${took}on ${describeDevice(device)}, ONNX Runtime ${ortVersion()}`;
}

async function sections(
  options: RunReportOptions,
  facts: MethodFacts,
  { before, after: { features } }: Pick<WrittenRunReport, "before" | "after">,
  names: Names,
): Promise<Section[]> {
  const { method: { manifest }, configuration, training, bank, queries } = options;
  const record = await readRunLogs(options.run);
  const recipe = configuredRecipe(configuration);
  const recipes = viewRecipes(configuration);
  const { chance, knn } = features;
  const networks = [
    { name: "before training", scores: before.features },
    { name: "after training", scores: features },
  ];
  const bankOf = ({ name, scores }: NamedScores) => ({ name, features: scores.bank });
  return [
    await metricSection(record, "knnTop1", {
      title: "Nearest neighbours by epoch",
      text: `${names.queries} are classified by the ${knn.k} most similar ${names.bank}.`,
      yLabel: `share of ${names.queries} given the right class`,
      rules: [
        { value: chance.balanced, label: "chance" },
        { value: chance.majority, label: "most frequent class" },
      ],
    }),
    await lossSection(record, {
      title: manifest.title,
      lossRange: facts.lossRange ?? manifest.lossRange,
    }),
    await spreadSection(record, uniformSpread(facts.embeddingWidth)),
    await viewsSection(training, recipes, recipe, {
      seed: configuration.seed,
      variations: configuredVariations(configuration, recipes),
    }),
    await neighboursSection(networks, bank, queries, recipe),
    ...(features.bank.indices.length < LEAST_MAPPED ? [] : [
      await mapSection(networks.map(bankOf), bank, recipe),
    ]),
    ...(options.sections ?? []),
    timingSection(record),
    configurationSection(record),
  ];
}

/**
 * Evaluates a run's network before training and after, and writes a page of figures, tables and pictures that needs no
 * network, as `index.html` into a folder.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { bundledMethods } from "../../plugins/mod.ts";
 * import { openData } from "../data/open_data.ts";
 * import { sharp } from "../deps/sharp.ts";
 * import { CPU } from "../engine/ort/mod.ts";
 * import { holdOut } from "../evaluate/hold_out.ts";
 * import { loadMethodByName } from "../method/load.ts";
 * import { openRun, pretrain } from "../train/mod.ts";
 * import { reportRun } from "./run_report.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const [data, run] = [`${folder}/photos`, `${folder}/run`];
 * for (const [name, background] of Object.entries({ dark: "#222", light: "#ccc" })) {
 *   await Deno.mkdir(`${data}/${name}`, { recursive: true });
 *   for (let i = 0; i < 4; i++) {
 *     await sharp({ create: { width: 32 + i, height: 32, channels: 3, background } })
 *       .png().toFile(`${data}/${name}/${i}.png`);
 *   }
 * }
 * const options = { projectorWidth: 16, predictorWidth: 8 };
 * const configuration = { data, stem: "imagenet", epochs: 1, options } as const;
 * await pretrain({ output: run, preset: "cifar", configuration }, { methods: bundledMethods });
 *
 * const trained = await openRun(run);
 * const training = await openData(data);
 * const [bank, queries] = holdOut(training, { share: 0.25, seed: 0 });
 * const { page, after } = await reportRun({
 *   method: await loadMethodByName(trained.method, bundledMethods),
 *   configuration: trained.configuration,
 *   ...{ training, bank, queries, run },
 *   checkpoint: trained.path,
 *   device: CPU,
 * }, `${folder}/report`);
 * assert((await Deno.readTextFile(page)).includes("SimSiam"));
 * assert(after.features.knn.top1 >= after.features.chance.balanced);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {Deno.errors.AlreadyExists} if the folder holds a report
 * @throws {TypeError} if the data sets cannot be compared
 */
export async function reportRun(
  options: RunReportOptions,
  folder: string,
): Promise<WrittenRunReport> {
  const { method, checkpoint } = options;
  const names = options.names ??
    {
      training: options.training.name,
      bank: options.bank.name,
      queries: options.queries.name,
    };
  const [facts, initial] = await compiled(options);
  const before = await scoreNetwork(initial, options);
  const after = await scoreNetwork((await loadCheckpoint(checkpoint)).model, options);
  const page = await writeReport(folder, {
    title: options.title ?? `${method.manifest.title} on ${names.training}`,
    subtitle: subtitle(options, names),
    cards: cards(before, after, names),
    sections: await sections(options, facts, { before, after }, names),
    ...(options.notes && { notes: options.notes }),
  });
  return { page, before, after };
}
