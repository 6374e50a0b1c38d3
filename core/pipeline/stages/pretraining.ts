/**
 * The fifth stage: pretraining with generated pairs and quality weights.
 *
 * @module
 */
import { join } from "node:path";
import { configurationSchema } from "../../method/configuration.ts";
import type { PartialConfiguration } from "../../method/resolve_configuration.ts";
import { pretrain, timeSteps } from "../../train/mod.ts";
import type { PipelineContext } from "../pipeline_context.ts";
import type { StageEstimate } from "../pipeline_event.ts";
import type { Stage, StageSettings } from "../stage.ts";
import { secondsOfImage } from "./features.ts";
import { isAt } from "./ratios.ts";
import { variationFiles, variedPart } from "./variations.ts";

/** Pairs that are drawn in each epoch. */
const SHOWN = 6;

/** Options whose values are places in the output folder, or follow from stages. */
const OWN = ["data", "variations", "qualityEncoder", "qualityComponent"] as const;

/** Whether pairs are weighted: a network that weighs them is named, and its component is there. */
async function isWeighted(context: PipelineContext): Promise<boolean> {
  return context.present.has("features") && (await context.networks()).quality !== undefined;
}

/** What earlier stages have left for the run. */
async function leftFor(context: PipelineContext): Promise<PartialConfiguration> {
  const { present, options } = context;
  const quality = await isWeighted(context) ? (await context.networks()).quality : undefined;
  return {
    variations: present.has("variations") ? variationFiles(context) : "",
    qualityEncoder: quality?.choice.model ?? "",
    qualityComponent: quality?.folder ?? "",
    qualityImageSize: quality?.choice.imageSize ?? 0,
    ...(quality && options.configuration?.vis === undefined && { vis: SHOWN }),
  };
}

/** The configuration without what no result depends on, and without places. */
async function settingsOf(context: PipelineContext): Promise<StageSettings> {
  const { method, configuration } = context.run;
  const { properties } = configurationSchema;
  const own = new Set<string>(OWN);
  const kept = Object.entries(configuration).filter(([name]) =>
    !own.has(name) && properties[name as keyof typeof properties].affects !== "nothing"
  );
  const quality = await isWeighted(context)
    ? (await context.networks()).quality!.network.name
    : "none";
  return {
    method: method.manifest.name,
    ...Object.fromEntries(kept),
    ...{ generatedPairs: context.present.has("variations"), qualityEncoder: quality },
    ...(context.present.has("variations") && { variedImages: variedPart(context) ?? "all" }),
  };
}

/** Times some steps with pairs from the images alone, and adds what weighing a pair takes. */
async function measure(context: PipelineContext): Promise<StageEstimate> {
  const { named, run: { configuration }, control } = context;
  const { secondsEach, stepsPerEpoch, batchSize } = await timeSteps({
    ...named,
    configuration: { ...named.configuration, variations: "", qualityEncoder: "" },
  }, control);
  const weigh = await isWeighted(context)
    ? await secondsOfImage((await context.networks()).quality!, context)
    : 0;
  return {
    stage: "pretraining",
    unit: "steps",
    count: stepsPerEpoch * configuration.epochs,
    secondsEach: secondsEach + 2 * batchSize * weigh,
  };
}

/** Pretrains on pairs of an image and its variation, weighted by the features' network. */
export const pretraining: Stage = {
  name: "pretraining",
  needs: [],
  settings: settingsOf,
  isThere: (context) => isAt(join(context.folder("pretraining"), "configuration.json")),
  measure,
  async run(context) {
    const { control, named } = context;
    const output = context.folder("pretraining");
    const { finished, step, checkpoint } = await pretrain({
      ...{ ...named, output },
      configuration: { ...named.configuration, ...await leftFor(context) },
      ...(await isAt(join(output, "configuration.json")) && { resume: "latest" }),
    }, {
      ...control,
      report: (event) => control.report?.({ kind: "pretraining", event }),
    });
    return { finished, found: `trained ${step} steps: ${checkpoint}` };
  },
};
