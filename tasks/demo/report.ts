/**
 * The demo's report: what the network could do before training, and what it can after.
 *
 * @module
 */
import { formatDevice, ortVersion } from "../../core/engine/ort/mod.ts";
import type { Device } from "../../core/engine/ort/mod.ts";
import type { Tensor } from "../../core/engine/graph/tensor.ts";
import type { Dataset } from "../../core/data/mod.ts";
import { type BackboneScores, evaluateBackbone } from "../../core/evaluate/evaluate_backbone.ts";
import { linearProbe } from "../../core/evaluate/linear_probe.ts";
import type { MaskQuality } from "../../core/masking/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { type Card, type Section, writeReport } from "../../core/report/mod.ts";
import { neighboursSection, viewsSection } from "../../core/report/picture_sections.ts";
import {
  configurationSection,
  lossSection,
  metricSection,
  readRunRecord,
  spreadSection,
  timingSection,
} from "../../core/report/training_sections.ts";
import { loadCheckpoint } from "../../core/weights/checkpoint/checkpoint.ts";
import { uniformSpread } from "../../core/train/step/embedding_spread.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { viewRecipes } from "../../core/data/views/named_views.ts";
import { configuredVariations } from "../../core/train/run/generated_views.ts";
import { configuredBackbone } from "../../core/train/run/run_plan.ts";
import { initialWeights } from "../../core/train/step/training_step.ts";
import { placeWeights } from "../checkpoint_option.ts";
import type { MaskFindings } from "./masks.ts";
import { configuredRecipe } from "../../core/evaluate/configured_evaluation.ts";
import { PROBE_MODE } from "../../core/evaluate/probe_backbone.ts";

/** What the report is of. */
export interface DemoFindings {
  readonly method: LoadedMethod;
  readonly configuration: Configuration;
  readonly training: Dataset;
  readonly bank: Dataset;
  readonly queries: Dataset;
  readonly device: Device;
  /** Folder of the run. */
  readonly run: string;
  /** Its last checkpoint. */
  readonly checkpoint: string;
  readonly masks: MaskFindings;
  /** What became of the second run, if there was one. */
  readonly weighted?: Section;
  /** When all of it began, in milliseconds of `performance.now()`; not known of one that was stopped in between. */
  readonly began?: number;
}

/** What a network can do. */
interface Scores {
  readonly features: BackboneScores;
  /** Accuracy of a linear classifier on its features, in [0, 1]. */
  readonly probe: number;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const recall = ({ features }: Scores) => percent(features.retrieval!.forward.recallAt1);

async function scoresOf(
  model: ReadonlyMap<string, Tensor>,
  { configuration, bank, queries, device }: DemoFindings,
): Promise<Scores> {
  using owned = new DisposableStack();
  const features = await evaluateBackbone({
    backbone: configuredBackbone(configuration),
    device,
    weights: placeWeights(owned, model, device),
  }, { bank, queries, recipe: configuredRecipe(configuration) });
  const { top1 } = await linearProbe(features.bank, features.queries, { standardize: true });
  return { features, probe: top1 };
}

/** The weights that the run began with. */
function untrained({ method, configuration }: DemoFindings): Map<string, Tensor> {
  const graph = buildMethodGraph(method, {
    backbone: configuredBackbone(configuration),
    viewSizes: viewRecipes(configuration).map(({ size }) => size),
    batchSize: configuration.batchSize,
    options: configuration.options,
  });
  return initialWeights(graph, configuration.seed);
}

/** The numbers at the head of the report. */
function cards(before: Scores, after: Scores, bank: Dataset): Card[] {
  return [
    {
      label: "Nearest neighbours",
      value: percent(after.features.knn.top1),
      note: `of Twemoji given the right one of 9 categories by Noto neighbours; ${
        percent(before.features.knn.top1)
      } before training`,
    },
    {
      label: "Linear probe",
      value: percent(after.probe),
      note: `on ${PROBE_MODE}, of Noto, tested on Twemoji; ${percent(before.probe)} before`,
    },
    {
      label: "Same emoji first",
      value: recall(after),
      note: `of Twemoji have their Noto counterpart as the nearest of ${bank.length}; ${
        recall(before)
      } before`,
    },
  ];
}

function subtitle({ configuration, training, device, began }: DemoFindings): string {
  const { backbone, epochs, imageSize, seed } = configuration;
  const minutes = began === undefined ? undefined : (performance.now() - began) / 60_000;
  return `${backbone}, ${epochs} epochs of ${training.length} Noto emoji at ${imageSize} px without labels, ` +
    `seed ${seed}, ${minutes === undefined ? "" : `in ${minutes.toFixed(1)} minutes `}on ` +
    `${formatDevice(device)}, ` +
    `ONNX Runtime ${ortVersion()}`;
}

async function sections(findings: DemoFindings, { features }: Scores): Promise<Section[]> {
  const { method: { manifest }, configuration, training, bank, queries } = findings;
  const record = await readRunRecord(findings.run);
  const recipe = configuredRecipe(configuration);
  return [
    await metricSection(record, "knn", {
      title: "Nearest neighbours by epoch",
      text: "Twemoji, drawn by another hand, are classified by the 20 most similar Noto emoji. " +
        "The network has seen neither Twemoji nor any label.",
      yLabel: "share of Twemoji given the right category",
    }),
    await lossSection(record, manifest),
    await spreadSection(record, uniformSpread(Number(configuration.options["projectorWidth"]))),
    await viewsSection(training, viewRecipes(configuration), recipe, {
      seed: configuration.seed,
      variations: configuredVariations(configuration, 2),
    }),
    await neighboursSection(features, bank, queries, recipe),
    findings.masks.section,
    ...(findings.weighted ? [findings.weighted] : []),
    timingSection(record),
    configurationSection(record),
  ];
}

function agreement({ intersectionOverUnion, ratioCorrelation }: MaskQuality): string {
  return `${intersectionOverUnion.toFixed(3)} (correlation of the ratio ${
    ratioCorrelation.toFixed(3)
  })`;
}

/** Evaluates the network, writes the report, and gives what is to be said of it in a few lines. */
export async function reportDemo(findings: DemoFindings, folder: string): Promise<string> {
  const before = await scoresOf(untrained(findings), findings);
  const after = await scoresOf((await loadCheckpoint(findings.checkpoint)).model, findings);
  const page = await writeReport(folder, {
    title: `${findings.method.manifest.title} on emoji`,
    subtitle: subtitle(findings),
    cards: cards(before, after, findings.bank),
    sections: await sections(findings, after),
    notes: [
      "Noto emoji: Apache-2.0, Google. Twemoji: CC-BY 4.0, Twitter and contributors.",
      "Both are composed onto random backgrounds; the backgrounds of the two sets have nothing in common.",
      "One of the two views of a pair is cut from a variation: the same emoji on another background, in the place of a generated image.",
    ],
  });
  const { masks, random, centerSquare } = findings.masks.comparison;
  const [knnBefore, knnAfter] = [before, after].map(({ features }) => percent(features.knn.top1));
  return [
    `kNN before training ${knnBefore}, after ${knnAfter}`,
    `linear probe before ${percent(before.probe)}, after ${percent(after.probe)}`,
    `same emoji found first before ${recall(before)}, after ${recall(after)}`,
    `masks against the truth, intersection over union: ${agreement(masks)}; ` +
    `by chance ${agreement(random)}; square in the middle ${agreement(centerSquare)}`,
    `report: ${page}`,
  ].join("\n");
}
