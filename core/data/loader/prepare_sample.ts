/**
 * The work on one sample: decode its images and cut its views.
 *
 * @module
 */
import { RandomStream } from "../../engine/random/random_stream.ts";
import type { MaskedImage } from "../dataset.ts";
import { openImage } from "../decode/encoded_image.ts";
import { cutMask, cutView } from "../geometry/cut_view.ts";
import { placeEvaluation, type Placement, placeView } from "../geometry/placement.ts";
import { reductionFor } from "../geometry/reduction.ts";
import type { ViewParameters } from "../views/parameters.ts";
import type { EvaluationRecipe, ViewRecipe } from "../views/recipe.ts";
import type { GeometricStep } from "../views/steps/mod.ts";
import { usedGeometricSteps, type UsedStep } from "../views/used_steps.ts";
import { sampleView } from "../views/sample_view.ts";

/** An image that has been read or rendered, but not decoded. */
export type SampleInput =
  | {
    readonly kind: "encoded";
    readonly name: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | { readonly kind: "rendered"; readonly image: MaskedImage };

/** Which views are cut. */
export type ViewPlan =
  | {
    readonly kind: "sampled";
    readonly recipes: readonly ViewRecipe[];
    readonly seed: number;
    readonly epoch: number;
    /** The sample's index, which names the random numbers of its views. */
    readonly index: number;
  }
  | { readonly kind: "evaluation"; readonly recipe: EvaluationRecipe };

/** What there is to do for one sample. It holds plain data only, so that it can be sent to a worker. */
export interface SampleJob {
  readonly inputs: readonly SampleInput[];
  /** For each view, which input it is cut from. */
  readonly inputOfView: readonly number[];
  readonly plan: ViewPlan;
  /** Whether files may be decoded at a reduced scale where that is enough for the views. */
  readonly reduce: boolean;
}

/** One view of a sample. */
export interface PreparedView {
  /** uint8 [size, size, 3]. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** uint8 [size, size], where the input has a mask. */
  readonly mask?: Uint8Array<ArrayBuffer>;
  /** What was sampled; absent in evaluation. */
  readonly parameters?: ViewParameters;
}

interface PlannedView {
  readonly placement: Placement;
  readonly parameters?: ViewParameters;
  /** Steps that may move the pixels after the cut. */
  readonly steps: readonly UsedStep<GeometricStep>[];
}

function planView(plan: ViewPlan, view: number, width: number, height: number): PlannedView {
  if (plan.kind === "evaluation") {
    return { placement: placeEvaluation(plan.recipe, width, height), steps: [] };
  }
  const recipe = plan.recipes[view]!;
  const random = new RandomStream(plan.seed, "view", plan.epoch, plan.index, view);
  const parameters = sampleView(recipe, width, height, random);
  return {
    placement: placeView(recipe, parameters),
    parameters,
    steps: usedGeometricSteps(recipe),
  };
}

function cut(image: MaskedImage, planned: PlannedView): PreparedView {
  const { placement, parameters } = planned;
  const count = placement.size ** 2;
  const view: { pixels: Uint8Array<ArrayBuffer>; mask?: Uint8Array<ArrayBuffer> } = {
    pixels: new Uint8Array(3 * count),
  };
  cutView(image, placement, view.pixels, 0);
  if (image.mask !== undefined) {
    view.mask = new Uint8Array(count);
    cutMask(image.mask, image.width, image.height, placement, view.mask, 0);
  }
  if (parameters === undefined) return view;
  for (const { step, recipe } of planned.steps) {
    const sampled = parameters[step.name as keyof ViewParameters];
    if (!step.changes(sampled)) continue;
    view.pixels = step.movePixels(view.pixels, placement.size, sampled, recipe);
    if (view.mask) view.mask = step.moveMask(view.mask, placement.size, sampled, recipe);
  }
  return { ...view, parameters };
}

/** Cuts those views of a plan that come from one input. */
async function prepareInput(
  input: SampleInput,
  views: readonly number[],
  { plan, reduce }: SampleJob,
): Promise<PreparedView[]> {
  const source = input.kind === "encoded" ? await openImage(input.bytes, input.name) : input.image;
  const { width, height } = source;
  const planned = views.map((view) => planView(plan, view, width, height));
  const image = "decode" in source
    ? await source.decode(
      reduce ? reductionFor(source, planned.map(({ placement }) => placement)) : 1,
    )
    : source;
  return planned.map((view) => cut(image, view));
}

/**
 * Decodes the images of a sample, each once, and cuts its views.
 *
 * @throws {UnreadableImageError} if an image cannot be decoded
 */
export async function prepareSample(job: SampleJob): Promise<PreparedView[]> {
  const prepared: PreparedView[] = [];
  for (const [i, input] of job.inputs.entries()) {
    const views = [...job.inputOfView.keys()].filter((view) => job.inputOfView[view] === i);
    const cuts = await prepareInput(input, views, job);
    cuts.forEach((view, k) => prepared[views[k]!] = view);
  }
  return prepared;
}
