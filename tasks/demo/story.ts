/**
 * The page of the demo: what GenView does, stage by stage, and what came of it.
 *
 * @module
 */
import { join } from "node:path";
import { openData, openTrainingData } from "../../core/data/open_data.ts";
import { viewRecipes } from "../../core/data/views/named_views.ts";
import { describeDevice, type Device, ortVersion } from "../../core/engine/ort/mod.ts";
import { configuredRecipe } from "../../core/evaluate/configured_evaluation.ts";
import type { MaskComparison } from "../../core/masking/mod.ts";
import type { TrainableMethod } from "../../core/method/load.ts";
import {
  type Card,
  comparisonSection,
  configurationSection,
  lossSection,
  mapSection,
  neighboursSection,
  type NetworkScores,
  pairsSection,
  percent,
  scoreNetwork,
  scorePixels,
  type Section,
  timingSection,
  variationsSection,
  viewsSection,
  writeReport,
} from "../../core/report/mod.ts";
import { counted } from "../../core/schema/counted.ts";
import { configuredVariations } from "../../core/train/run/generated_views.ts";
import { openRun, readRunLogs, untrainedWeights } from "../../core/train/mod.ts";
import { foregroundSection } from "./foreground.ts";
import type { Generated } from "./generation.ts";
import type { DemoImages } from "./images.ts";
import type { DemoRun } from "./runs.ts";

/** What the page tells of. */
export interface Story {
  readonly method: TrainableMethod;
  readonly images: DemoImages;
  readonly generated: Generated;
  /** Trained runs, the one with generated pairs last. */
  readonly runs: readonly [ordinary: DemoRun, generated: DemoRun];
  readonly device: Device;
  /** Threads on the CPU; one for each core when 0. */
  readonly threads: number;
  /** Folder of the page. */
  readonly folder: string;
  /** Minutes since the demo began; undefined if it was resumed. */
  readonly minutes: (() => number) | undefined;
  readonly signal: AbortSignal;
}

/** What was measured. */
export interface Scores {
  readonly initial: NetworkScores;
  readonly pixels: NetworkScores;
  readonly ordinary: NetworkScores;
  readonly generated: NetworkScores;
}

/** A page that was written, and its figures. */
export interface WrittenStory {
  readonly page: string;
  readonly scores: Scores;
  readonly masks: MaskComparison;
}

const NOTES = [
  "Noto emoji: Apache-2.0, Google. Twemoji: CC-BY 4.0, Twitter and contributors.",
  "Emoji are composed onto random backgrounds; those of the images that both runs learn from are not those of the " +
  "images that they are evaluated on.",
];

async function measure({ method, images, runs, device }: Story): Promise<Scores> {
  const [ordinary, generated] = runs;
  const data = { configuration: ordinary.configuration, ...images, device };
  const trained = async ({ folder }: DemoRun) =>
    await scoreNetwork((await openRun(folder)).checkpoint.model, data);
  return {
    // Both runs start with the same weights.
    initial: await scoreNetwork(await untrainedWeights(method, ordinary.configuration), data),
    pixels: await scorePixels(data),
    ordinary: await trained(ordinary),
    generated: await trained(generated),
  };
}

/** A figure of all networks: that of generated pairs large, the others below. */
function card(label: string, scores: Scores, of: (scores: NetworkScores) => number): Card {
  const each = [
    ["ordinary pairs", scores.ordinary],
    ["untrained", scores.initial],
    ["raw pixels", scores.pixels],
  ] as const;
  return {
    label,
    value: percent(of(scores.generated)),
    note: `with generated pairs; ${
      each.map(([name, found]) => `${name} ${percent(of(found))}`).join(", ")
    }`,
  };
}

function cardsOf(scores: Scores, masks: MaskComparison): Card[] {
  return [
    card("Nearest neighbours", scores, ({ features }) => features.knn.top1),
    card("Linear probe", scores, ({ probe }) => probe.top1),
    card("Counterpart first", scores, ({ features }) => features.retrieval!.forward.recallAt1),
    {
      label: "Masks",
      value: masks.masks.intersectionOverUnion.toFixed(3),
      note: `intersection over union with the truth; square in the middle ${
        masks.centerSquare.intersectionOverUnion.toFixed(3)
      }`,
    },
  ];
}

/** Images at each level, and those of the run beside the variations that they got. */
async function generationSection(
  { images: { folder, rendered }, generated }: Story,
): Promise<Section> {
  const section = await variationsSection(join(generated.folder, "variations"), {
    images: await openData(folder),
  });
  const { variedImages } = generated;
  const others = rendered.length - variedImages;
  return {
    ...section,
    text: `${section.text}${
      others === 0
        ? ""
        : ` This demo takes those of ${
          counted(variedImages, "image")
        }; the other ${others} give both ` +
          "views of a pair."
    }`,
    figures: [
      {
        png: await Deno.readFile(generated.levels),
        caption:
          "The same images at every noise level. Each image's own level, above, is one of these.",
        alt: "Images and a variation of each at every noise level",
      },
      ...section.figures!,
    ],
  };
}

async function viewedSection({ runs: [, { configuration }] }: Story): Promise<Section> {
  const recipes = viewRecipes(configuration);
  const dataset = await openTrainingData(configuration);
  return await viewsSection(dataset, recipes, configuredRecipe(configuration), {
    seed: configuration.seed,
    samples: Math.min(6, dataset.length),
    variations: configuredVariations(configuration, recipes),
  });
}

async function sectionsOf(
  story: Story,
  scores: Scores,
  foreground: Section,
): Promise<Section[]> {
  const { method: { manifest }, images: { bank, queries }, runs, signal } = story;
  const [ordinary, generated] = runs;
  const recipe = configuredRecipe(generated.configuration);
  const logs = [await readRunLogs(ordinary.folder), await readRunLogs(generated.folder)] as const;
  const named = [
    { name: "before training", scores: scores.initial },
    { name: `after training, ${generated.name}`, scores: scores.generated },
  ];
  const { epochs } = generated.configuration;
  return [
    await comparisonSection({
      runs: [
        { name: ordinary.name, epochs: logs[0].epochs, scores: scores.ordinary },
        { name: generated.name, epochs: logs[1].epochs, scores: scores.generated },
      ],
      ...{ initial: scores.initial, pixels: scores.pixels, queries: "Twemoji" },
    }, {
      title: "What came of it",
      text:
        `Both runs pretrain the same network by ${manifest.title} on the same images, from the same weights, for ${
          counted(epochs, "epoch")
        }, without labels. They differ in the pairs alone: two views of an image, or a view of it and one of its ` +
        "generated variation, weighted by the quality of the pair.",
    }),
    foreground,
    await generationSection(story),
    await viewedSection(story),
    await pairsSection(generated.folder),
    await mapSection(
      named.map(({ name, scores: { features } }) => ({ name, features: features.bank })),
      bank,
      recipe,
      { signal },
    ),
    await neighboursSection(
      named.map(({ name, scores: { features } }) => ({ name, scores: features })),
      bank,
      queries,
      recipe,
      { shown: 6 },
    ),
    await lossSection(logs[1], { title: manifest.title, lossRange: manifest.lossRange }),
    timingSection(logs[1]),
    configurationSection(logs[1]),
  ];
}

/**
 * Evaluates both runs and what stands beside them, and writes the page.
 *
 * @throws {Deno.errors.AlreadyExists} if the folder holds a page
 */
export async function tell(story: Story): Promise<WrittenStory> {
  const { method, images, generated, runs: [ordinary], device, threads, minutes, signal } = story;
  const { section, comparison } = await foregroundSection(images, generated, { device, threads });
  const scores = await measure(story);
  signal.throwIfAborted();
  const sections = await sectionsOf(story, scores, section);
  const { backbone, epochs, imageSize, seed } = ordinary.configuration;
  const took = minutes === undefined ? "" : `in ${minutes().toFixed(1)} minutes `;
  const page = await writeReport(story.folder, {
    title: `GenView on emoji: ${method.manifest.title} with generated pairs and with ordinary ones`,
    subtitle: `${backbone}, ${
      counted(epochs, "epoch")
    } of ${images.rendered.length} Noto emoji at ${imageSize} px, ${generated.variedImages} of them with a variation, seed ${seed}, ${took}on ${
      describeDevice(device)
    }, ONNX Runtime ${ortVersion()}`,
    cards: cardsOf(scores, comparison),
    sections,
    notes: NOTES,
  });
  return { page, scores, masks: comparison };
}
