/**
 * The last stage: one page on all that the others have left.
 *
 * @module
 */
import { basename, join } from "node:path";
import { viewRecipes } from "../../data/views/named_views.ts";
import { openTrainingData } from "../../data/open_data.ts";
import { configuredRecipe, type EvaluationResult, readResults } from "../../evaluate/mod.ts";
import { readAnalysis } from "../../masking/mod.ts";
import {
  type Card,
  configurationSection,
  lossSection,
  pairsSection,
  resultsSection,
  type Section,
  spreadSection,
  timingSection,
  variationsSection,
  viewsSection,
  writeReport,
} from "../../report/mod.ts";
import { configuredVariations } from "../../train/run/generated_views.ts";
import { openCompiler, openRun, readRunLogs, uniformSpread } from "../../train/mod.ts";
import type { StageName } from "../choose_stages.ts";
import type { PipelineContext } from "../pipeline_context.ts";
import type { Stage } from "../stage.ts";
import { featureFolder } from "./features.ts";
import { levelFigure } from "./levels.ts";
import { isAt } from "./ratios.ts";
import { INITIAL_WEIGHTS } from "./evaluation.ts";

/** Images whose views are shown, at most. */
const SHOWN = 6;

async function foregroundSection(context: PipelineContext): Promise<Section> {
  const folder = featureFolder((await context.networks()).masks);
  const { network, images, threshold, foregroundShare } = (await readAnalysis(folder))!;
  return {
    title: "What is foreground",
    text:
      `Over the tokens of ${images} images by ${network}, one direction has the most variance, and along it subjects ` +
      `differ from what is behind them. Tokens above ${
        threshold.toPrecision(4)
      } on it are foreground, ${
        (100 * foregroundShare).toFixed(1)
      } % of them. If the masks show backgrounds, run anew with --flip.`,
    figures: [{
      png: await Deno.readFile(join(folder, "overview.png")),
      caption: "Images, their masks, and soft maps of foreground and background.",
      alt: "Images with the masks that were found",
    }],
  };
}

async function levelsSection(context: PipelineContext): Promise<Section> {
  return {
    title: "How much noise an image bears",
    text:
      "The foreground ratio of an image is the share of its tokens that are foreground; the larger it is, the more " +
      "noise the image's variation gets.",
    figures: [{
      png: await Deno.readFile(levelFigure(context)),
      caption: "Foreground ratios of all images, and the noise level of each range.",
      alt: "Histogram of foreground ratios with the ranges of the noise levels",
    }],
  };
}

async function trainingSections(context: PipelineContext): Promise<Section[]> {
  const { run: { method } } = context;
  const folder = context.folder("pretraining");
  const { configuration } = await openRun(folder);
  const record = await readRunLogs(folder);
  const recipes = viewRecipes(configuration);
  await using compiler = openCompiler(method);
  const viewSizes = recipes.map(({ size }) => size);
  const facts = await compiler.inspect({ configuration, viewSizes, tuning: {} });
  const { title } = method.manifest;
  const dataset = await openTrainingData(configuration);
  const weighted = configuration.qualityEncoder !== "" && configuration.vis > 0;
  return [
    await viewsSection(dataset, recipes, configuredRecipe(configuration), {
      seed: configuration.seed,
      samples: Math.min(SHOWN, dataset.length),
      variations: configuredVariations(configuration, recipes),
    }),
    ...(weighted ? [await pairsSection(folder)] : []),
    await lossSection(record, { title, lossRange: facts.lossRange ?? method.manifest.lossRange }),
    await spreadSection(record, uniformSpread(facts.embeddingWidth)),
    timingSection(record),
    configurationSection(record),
  ];
}

/** A protocol's figure after training, beside that of the initial weights. */
function cardsOf(results: readonly EvaluationResult[]): Card[] {
  const [before, after] = [true, false].map((isInitial) =>
    results.filter(({ checkpoint }) => (checkpoint.path === INITIAL_WEIGHTS) === isInitial)
  ) as [EvaluationResult[], EvaluationResult[]];
  return after.flatMap(({ name, figures: { top1 }, chance }) => {
    const first = before.find((result) => result.name === name)?.figures["top1"];
    if (top1 === undefined || first === undefined) return [];
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const { balanced } = chance as { readonly balanced: number };
    return [{
      label: name,
      value: percent(top1),
      note: `${percent(first)} by the initial weights; chance ${percent(balanced)}`,
    }];
  });
}

/** What each stage's part of the page is made by, in the order of the page. */
const SECTIONS: readonly (readonly [
  StageName,
  (context: PipelineContext) => Promise<readonly Section[]>,
])[] = [
  ["features", async (context) => [await foregroundSection(context)]],
  ["levels", async (context) => [await levelsSection(context)]],
  ["variations", async (context) => [
    await variationsSection(context.folder("variations"), { images: context.images.dataset }),
  ]],
  ["evaluation", async (context) => [
    resultsSection("run", await readResults(context.folder("evaluation"))),
  ]],
  ["pretraining", trainingSections],
];

/** Writes one page with pictures of each stage. */
export const report: Stage = {
  name: "report",
  needs: [],
  isDerived: true,
  settings: ({ present }) =>
    Promise.resolve({ shows: SECTIONS.flatMap(([name]) => present.has(name) ? [name] : []) }),
  isThere: (context) => isAt(join(context.folder("report"), "index.html")),
  async run(context) {
    const { images, present, run: { method }, options: { data } } = context;
    const sections: Section[] = [];
    for (const [name, make] of SECTIONS) {
      if (present.has(name)) sections.push(...await make(context));
    }
    const results = present.has("evaluation")
      ? await readResults(context.folder("evaluation"))
      : [];
    const page = await writeReport(context.folder("report"), {
      title: `GenView on ${basename(data)}`,
      subtitle: `${images.count} images${
        present.has("pretraining") ? `, pretrained by ${method.manifest.title}` : ""
      }`,
      cards: cardsOf(results),
      sections,
    }, { overwrite: true });
    return { finished: true, found: page };
  },
};
