/**
 * The sixth stage: what the pretrained network can do, beside its initial weights.
 *
 * @module
 */
import { join } from "node:path";
import { openEvaluationData } from "../../data/open_data.ts";
import type { Dataset } from "../../data/mod.ts";
import { configuredRecipe, readResults } from "../../evaluate/mod.ts";
import { configuredBackbone } from "../../train/run/run_plan.ts";
import {
  evaluateNetwork,
  type EvaluateNetworkOptions,
  evaluateRun,
  openRun,
  untrainedWeights,
} from "../../train/mod.ts";
import { drawResults } from "../results_chart.ts";
import type { Stage } from "../stage.ts";

/** What results call the weights that a run starts with. */
export const INITIAL_WEIGHTS = "initial weights";

/** Classes of which there are two images or more, so that one can be held out. */
function testableClasses({ length, sample }: Dataset): number | undefined {
  const counts = new Map<number, number>();
  for (let i = 0; i < length; i++) {
    const { label } = sample(i);
    if (label === undefined) return undefined;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts.size < 2 ? 0 : [...counts.values()].filter((count) => count > 1).length;
}

/** Nearest neighbours and a linear probe, where labels exist. */
export const evaluation: Stage = {
  name: "evaluation",
  needs: ["pretraining"],
  settings: ({ run: { configuration: { evaluationData } } }) => Promise.resolve({ evaluationData }),
  async idle({ options: { data }, run: { configuration: { evaluationData } } }) {
    const [bank] = await openEvaluationData(data, data);
    const classes = testableClasses(bank);
    if (classes === undefined) return `the images of ${data} have no labels`;
    if (evaluationData !== "" || classes > 0) return undefined;
    return `the images of ${data} are not of two classes with several images`;
  },
  async isThere(context) {
    return (await readResults(context.folder("evaluation"))).length > 0;
  },
  async run(context) {
    const { control, options } = context;
    const { device, providerOption = [], seed } = options;
    const folder = context.folder("pretraining");
    const how: EvaluateNetworkOptions = {
      ...(device !== undefined && { device }),
      ...(seed !== undefined && { seed }),
      providerOption,
      report: (event) => control.report?.({ kind: "evaluation", event }),
    };
    const { configuration } = await openRun(folder);
    await evaluateNetwork({
      backbone: configuredBackbone(configuration),
      tensors: await untrainedWeights(context.run.method, configuration),
      recipe: configuredRecipe(configuration),
      checkpoint: { step: 0, epoch: 0, path: INITIAL_WEIGHTS },
      encoder: "online",
      data: configuration,
      configuration,
      folder,
    }, how);
    if (control.signal?.aborted) return { finished: false, found: "" };
    const { results } = await evaluateRun(folder, how);
    await drawResults(join(folder, "results.png"), await readResults(folder));
    const found = results.flatMap(({ name, figures: { top1 } }) =>
      top1 === undefined ? [] : [`${name} ${(100 * top1).toFixed(2)} %`]
    );
    return { finished: true, found: `${found.join(", ")}: ${join(folder, "results.json")}` };
  },
};
