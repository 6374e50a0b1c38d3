/**
 * `deno task demo`: pretrains SimSiam on emoji from scratch, evaluates it and writes a report.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type BackboneScores, evaluateBackbone } from "../core/evaluate/evaluate_backbone.ts";
import { linearProbe } from "../core/evaluate/linear_probe.ts";
import { formatDevice, ortVersion, resolveDevice } from "../core/engine/ort/mod.ts";
import { presetOf, resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { type Card, type Report, writeReport } from "../core/plot/mod.ts";
import { neighboursSection, viewsSection } from "../core/plot/picture_sections.ts";
import {
  configurationSection,
  lossSection,
  metricSection,
  readRunRecord,
  spreadSection,
  timingSection,
} from "../core/plot/training_sections.ts";
import { uniformSpread } from "../core/train/embedding_spread.ts";
import { viewRecipes } from "../core/train/named_views.ts";
import { loadCheckpoint } from "../core/train/checkpoint.ts";
import { buildMethodGraph } from "../core/train/method_graph.ts";
import { configuredBackbone, train } from "../core/train/train.ts";
import { initialWeights } from "../core/train/training_step.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import { placeWeights } from "./checkpoint_option.ts";
import { type Command, parseCommandLine, runTask } from "./command_line.ts";
import { openData } from "./data_option.ts";
import { configuredEvaluation, configuredRecipe } from "./evaluation_option.ts";
import { methodOf } from "./method_option.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { TrainDisplay } from "./train_display.ts";

const COMMAND: Command = {
  name: "demo",
  summary:
    "Pretrains a ResNet-18 with SimSiam on Noto emoji, without labels and from scratch, classifies Twemoji by its " +
    "features, and writes a report. Takes some minutes on two cores.",
  examples: [
    { command: "deno task demo", does: "trains in runs/demo and writes report/index.html" },
    {
      command: "deno task demo --seed 1 --output runs/demo-1 --report report-1",
      does: "once more with other random numbers",
    },
    { command: "deno task demo --resume", does: "goes on where a demo was stopped" },
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
      resume: { type: "boolean", default: false, description: "go on where a demo was stopped" },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of all randomness" },
      epochs: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "passes over the data (0: as many as the preset has)",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
    },
  },
};

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The numbers at the head of the report. */
function cards(before: BackboneScores, after: BackboneScores, probe: readonly number[]): Card[] {
  const recall = (scores: BackboneScores) => percent(scores.retrieval!.forward.recallAt1);
  return [
    {
      label: "Nearest neighbours",
      value: percent(after.knn.top1),
      note: `of Twemoji given the right one of 9 categories by Noto neighbours; ${
        percent(before.knn.top1)
      } before training`,
    },
    {
      label: "Linear probe",
      value: percent(probe[1]!),
      note: `on frozen features, trained on Noto, tested on Twemoji; ${percent(probe[0]!)} before`,
    },
    {
      label: "Same emoji first",
      value: recall(after),
      note: `of Twemoji have their Noto counterpart as the nearest of 1906; ${
        recall(before)
      } before`,
    },
  ];
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parseCommandLine(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const values = parsed.values as {
    output: string;
    report: string;
    resume: boolean;
    seed: number;
    epochs: number;
    device: string;
  };
  if (existsSync(join(values.report, "index.html"))) {
    throw new Deno.errors.AlreadyExists(
      `Cannot write the report to ${values.report}: it holds one; name another folder with --report`,
    );
  }
  const began = performance.now();
  const method = await methodOf("simsiam");
  const { seed, epochs, device } = values;
  const configuration = resolveConfiguration(
    presetOf(method.manifest, "demo"),
    { seed, device, ...(epochs > 0 && { epochs }) },
  );
  const training = await openData(configuration.data, { redraw: true });
  const bank = await openData(configuration.data, { redraw: false });
  const queries = await openData(configuration.evaluationData, { redraw: false });
  const recipe = configuredRecipe(configuration);
  const recipes = viewRecipes(configuration);
  const backbone = configuredBackbone(configuration);
  const evaluate = await configuredEvaluation(configuration);

  using display = new TrainDisplay(method, configuration);
  using interrupt = interruptSignal();
  const result = await train({
    method,
    configuration,
    dataset: training,
    output: values.output,
    signal: interrupt.signal,
    report: (event) => display.show(event),
    ...(evaluate && { evaluate }),
    ...(values.resume && { resume: "latest" }),
  });
  display[Symbol.dispose]();
  if (!result.finished) {
    console.log(`stopped after ${result.step} steps; go on with: deno task demo --resume`);
    return;
  }
  await report(values.output, values.report);

  async function report(run: string, folder: string): Promise<void> {
    const untrained = initialWeights(
      buildMethodGraph(method, {
        backbone,
        viewSizes: recipes.map(({ size }) => size),
        batchSize: configuration.batchSize,
        options: configuration.options,
      }),
      seed,
    );
    const scoresOf = async (model: ReadonlyMap<string, Tensor>): Promise<BackboneScores> => {
      using owned = new DisposableStack();
      const where = resolveDevice(device);
      const weights = placeWeights(owned, model, where);
      return await evaluateBackbone({ backbone, device: where, weights }, {
        bank,
        queries,
        recipe,
      });
    };
    const before = await scoresOf(untrained);
    const after = await scoresOf((await loadCheckpoint(result.checkpoint)).model);
    const probe: number[] = [];
    for (const scores of [before, after]) {
      probe.push((await linearProbe(scores.bank, scores.queries, { standardize: true })).top1);
    }
    const record = await readRunRecord(run);
    const { manifest } = method;
    const minutes = (performance.now() - began) / 60_000;
    const summary: Report = {
      title: `${manifest.title} on emoji`,
      subtitle:
        `${configuration.backbone}, ${configuration.epochs} epochs of ${training.length} Noto emoji at ` +
        `${configuration.imageSize} px without labels, seed ${seed}, in ${
          minutes.toFixed(1)
        } minutes on ` +
        `${formatDevice(resolveDevice(device))}, ONNX Runtime ${ortVersion()}`,
      cards: cards(before, after, probe),
      sections: [
        await metricSection(record, "knn", {
          title: "Nearest neighbours by epoch",
          text:
            "Twemoji, drawn by another hand, are classified by the 20 most similar Noto emoji. " +
            "The network has seen neither Twemoji nor any label.",
          yLabel: "share of Twemoji given the right category",
        }),
        await lossSection(record, manifest),
        await spreadSection(record, uniformSpread(Number(configuration.options["projectorWidth"]))),
        await viewsSection(training, recipes, recipe, {
          seed,
          variations: { probability: configuration.variationProbability },
        }),
        await neighboursSection(after, bank, queries, recipe),
        timingSection(record),
        configurationSection(record),
      ],
      notes: [
        "Noto emoji: Apache-2.0, Google. Twemoji: CC-BY 4.0, Twitter and contributors.",
        "Both are composed onto random backgrounds; the backgrounds of the two sets have nothing in common.",
      ],
    };
    const page = await writeReport(folder, summary);
    console.log(
      [
        `kNN before training ${percent(before.knn.top1)}, after ${percent(after.knn.top1)}`,
        `linear probe before ${percent(probe[0]!)}, after ${percent(probe[1]!)}`,
        `same emoji found first before ${percent(before.retrieval!.forward.recallAt1)}, ` +
        `after ${percent(after.retrieval!.forward.recallAt1)}`,
        `report: ${page}`,
      ].join("\n"),
    );
  }
}

if (import.meta.main) await runTask(main);
