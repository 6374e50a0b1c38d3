/**
 * The fourth stage: variations of the images, each by its noise level.
 *
 * @module
 */
import { join } from "node:path";
import { findUnclip, generateVariations, openUnclip } from "../../unclip/mod.ts";
import { uniqueIndices } from "../../data/mod.ts";
import {
  makeVariations,
  type MakeVariationsOptions,
  type VariationFormat,
} from "../../variations/mod.ts";
import type { PipelineContext } from "../pipeline_context.ts";
import type { StageEstimate } from "../pipeline_event.ts";
import type { Stage } from "../stage.ts";
import { isAt } from "./ratios.ts";

/** How each kind of network generates: what the embedded one shows its best by, and what GenView takes. */
const DEFAULTS = {
  embedded: {
    numInferenceSteps: 12,
    scale: 3,
    scheduler: "dpm-solver++",
    size: 0,
    // At 64 pixels the artefacts of JPEG files would be much of a picture.
    format: "png" as VariationFormat,
  },
  published: {
    numInferenceSteps: 20,
    scale: 10,
    scheduler: "model",
    size: 512,
    format: "source" as VariationFormat,
  },
} as const;

/** Steps of the scheduler that a speed is measured by. */
const MEASURED_STEPS = 2;

/** How variations are generated, defaults filled in. */
function generationOf({ options, names }: PipelineContext) {
  const fallback = DEFAULTS[options.published ? "published" : "embedded"];
  return {
    model: names.generator,
    seed: options.seed ?? 0,
    numImagesPerPrompt: options.numImagesPerPrompt ?? 1,
    numInferenceSteps: options.numInferenceSteps ?? fallback.numInferenceSteps,
    scale: options.scale ?? fallback.scale,
    scheduler: options.scheduler ?? fallback.scheduler,
    size: options.size ?? fallback.size,
    format: fallback.format,
  } satisfies Partial<MakeVariationsOptions>;
}

/** Times one variation in few steps, and counts the others. */
async function measure(context: PipelineContext): Promise<StageEstimate> {
  const { images: { dataset, count }, placement: { device, threads = 0 } } = context;
  const { model, scale, scheduler, numInferenceSteps, numImagesPerPrompt } = generationOf(context);
  const found = await findUnclip(model, { device, scheduler });
  const steps = Math.min(MEASURED_STEPS, numInferenceSteps);
  using pipeline = await openUnclip(found, { steps, guidanceScale: scale, threads });
  const began = performance.now();
  const calls: number[] = [];
  let unreadable: Error | undefined;
  const { key, source } = dataset.sample(uniqueIndices(dataset)[0]!);
  for await (
    const _ of generateVariations(pipeline, [{ key, source, level: 0, index: 0 }], {
      ...{ seed: 0, batchSize: 1 },
      onUnreadable: (error) => void (unreadable = error),
      onFailure: () => {
        // The stage itself says which variations cannot be computed.
      },
      onCall: () => void calls.push(performance.now()),
    })
  );
  if (unreadable !== undefined) throw unreadable;
  const whole = (performance.now() - began) / 1000;
  // Each further step is a further call of the network.
  const call = (calls.at(-1)! - calls[0]!) / 1000 / Math.max(1, calls.length - 1);
  return {
    stage: "variations",
    unit: "variations",
    count: count * numImagesPerPrompt,
    secondsEach: whole + (numInferenceSteps - steps) * call,
  };
}

/** Generates the variations of every image at its level. */
export const variations: Stage = {
  name: "variations",
  needs: ["levels"],
  async settings(context) {
    const { model, ...generation } = generationOf(context);
    const { scheduler } = generation;
    const { identity } = await findUnclip(model, { device: context.device, scheduler });
    return { ...generation, generator: identity };
  },
  isThere: (context) => isAt(join(context.folder("variations"), "manifest.jsonl")),
  measure,
  async run(context) {
    const { options, control, images } = context;
    const { device, providerOption, threads } = options;
    const { stopped, total, made, existing, unreadable, failed } = await makeVariations({
      ...generationOf(context),
      ...{ device, providerOption, threads },
      inputList: context.folder("levels"),
      auto: true,
      inputPrefix: images.root,
      outputPrefix: context.folder("variations"),
    }, {
      signal: control.signal,
      report: (event) => control.report?.({ kind: "variations", event }),
    });
    const lacking = unreadable + failed;
    return {
      finished: !stopped,
      found: `${made + existing} of ${total} variations${
        lacking > 0 ? `; ${lacking} could not be made, whose images give both views of a pair` : ""
      }`,
    };
  },
};
