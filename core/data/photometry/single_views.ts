/**
 * Photometry of large views on the CPU, one by one.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { probeChannelBlock } from "../../engine/ops/convolution/blocked_layout.ts";
import { type DeviceTensor, Session } from "../../engine/ort/mod.ts";
import type { ViewParameters } from "../views/parameters.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import type { GraphKernel, PhotometricStep } from "../views/steps/mod.ts";
import { usedPhotometricSteps } from "../views/used_steps.ts";
import { createStepSession, GraphLane } from "./graph_lane.ts";
import type { PhotometricView } from "./lane.ts";
import { applyPixelSteps, type PixelStep } from "./pixel_view.ts";

/** A run of a step that is a graph of its own. */
interface GraphRun {
  /** Which of a recipe's graph steps. */
  readonly number: number;
  readonly strength: number;
}

/** Part of what is done to a view: steps on this thread, and then a graph, but for the last part. */
interface Stage {
  readonly pixelSteps: PixelStep[];
  readonly graph?: GraphRun;
}

/** A step of a recipe that is a graph of its own. */
interface GraphStep {
  readonly kernel: GraphKernel<unknown, unknown>;
  readonly recipe: unknown;
}

/** A step of a view, or the normalisation, in the order in which they are applied. */
type Item =
  | { readonly kind: "pixels"; readonly apply: PixelStep }
  | { readonly kind: "graph"; readonly commutes: boolean; readonly run: GraphRun };

/** Whether views of a recipe can be taken one by one: all steps that it uses have a way of their own on the CPU. */
export function canRunAlone(recipe: ViewRecipe): boolean {
  return usedPhotometricSteps(recipe).every(({ step }) => step.kernel !== undefined);
}

function graphStepsOf(recipe: ViewRecipe): GraphStep[] {
  return usedPhotometricSteps(recipe).flatMap(({ step: { kernel }, recipe }) =>
    kernel?.kind === "graph" ? [{ kernel, recipe }] : []
  );
}

/**
 * Photometry of views that are large enough for each to be worth a run: the steps that change each pixel by itself are
 * taken on this thread, and only those that look at neighbours, such as blurs, go through graphs, in parallel on the
 * threads.
 */
export class SingleViews implements Disposable {
  readonly #recipe: ViewRecipe;
  readonly #owned: DisposableStack;
  /** For each thread, a lane of each graph step. */
  readonly #lanes: readonly (readonly GraphLane[])[];

  private constructor(
    recipe: ViewRecipe,
    owned: DisposableStack,
    lanes: readonly (readonly GraphLane[])[],
  ) {
    this.#recipe = recipe;
    this.#owned = owned;
    this.#lanes = lanes;
  }

  /**
   * Loads the graphs of a recipe's steps that have one.
   *
   * @param threads how many graphs run at once
   */
  static async create(recipe: ViewRecipe, threads: number): Promise<SingleViews> {
    using owned = new DisposableStack();
    const steps = graphStepsOf(recipe);
    const channelBlock = steps.length === 0 ? 1 : await probeChannelBlock(runOnce);
    const sessions: Session[] = [];
    for (const { kernel, recipe: own } of steps) {
      sessions.push(owned.use(await createStepSession(kernel, own, recipe.size, channelBlock)));
    }
    const lanes = Array.from(
      { length: steps.length === 0 ? 0 : threads },
      () => sessions.map((session) => owned.use(new GraphLane(session, recipe.size))),
    );
    return new SingleViews(recipe, owned.move(), lanes);
  }

  /** Writes a batch of views, normalised, into a tensor `[N,3,S,S]` on the CPU. */
  async apply(
    { images, parameters }: PhotometricView,
    into: DeviceTensor<"float32">,
  ): Promise<void> {
    const length = elementCount(images.shape.slice(1));
    const part = <A extends Uint8Array | Float32Array>(whole: A, sample: number) =>
      whole.subarray(sample * length, (sample + 1) * length) as A;
    const stages = parameters.map((view) => stagesOf(view, this.#recipe));
    const withGraphs = stages.entries().filter(([, { length }]) => length > 1);
    const running = this.#lanes.map(async (lanes) => {
      for (const [sample, parts] of withGraphs) {
        let source: Uint8Array | Float32Array = part(images.data, sample);
        for (const { pixelSteps, graph } of parts) {
          const lane = graph && lanes[graph.number]!;
          applyPixelSteps(source, pixelSteps, lane?.pixels ?? part(into.data, sample));
          if (lane) source = await lane.run(graph.strength);
        }
      }
    });
    // While threads run graphs, this one takes the views that need none.
    for (const [sample, [only, ...others]] of stages.entries()) {
      if (others.length > 0) continue;
      applyPixelSteps(part(images.data, sample), only!.pixelSteps, part(into.data, sample));
    }
    await Promise.all(running);
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

async function runOnce(outputs: Readonly<Record<string, Value>>): Promise<Record<string, Tensor>> {
  using session = await Session.create(encodeModel({ outputs }), { threads: 1 });
  return await session.run({});
}

/** What is done to a view: the steps that were sampled for it, and the normalisation. */
function itemsOf(parameters: ViewParameters, recipe: ViewRecipe): Item[] {
  const [items, behind]: [Item[], Item[]] = [[], []];
  let graphs = 0;
  for (const { step, recipe: own } of usedPhotometricSteps(recipe)) {
    const number = step.kernel?.kind === "graph" ? graphs++ : 0;
    const sampled = parameters[step.name as keyof ViewParameters];
    if (!step.changes(sampled)) continue;
    (step.normalized === true ? behind : items).push(itemOf(step, sampled, own, number));
  }
  // Graphs that commute with maps of colours may as well come after the normalisation, which saves a pass over the view.
  let place = items.length;
  for (let last = items.at(-1); place > 0 && last?.kind === "graph" && last.commutes;) {
    last = items[--place - 1];
  }
  const normalize: Item = { kind: "pixels", apply: (view) => view.normalize(recipe.normalize) };
  return [...items.slice(0, place), normalize, ...items.slice(place), ...behind];
}

function itemOf(
  { kernel, commutes }: PhotometricStep,
  sampled: unknown,
  own: unknown,
  number: number,
): Item {
  if (kernel?.kind === "graph") {
    const run = { number, strength: kernel.strength(sampled) };
    return { kind: "graph", commutes: commutes === true, run };
  }
  return { kind: "pixels", apply: (view) => kernel!.apply(view, sampled, own) };
}

/** Splits what is done to a view at its graphs. */
function stagesOf(parameters: ViewParameters, recipe: ViewRecipe): Stage[] {
  const stages: Stage[] = [];
  let pixelSteps: PixelStep[] = [];
  for (const item of itemsOf(parameters, recipe)) {
    if (item.kind === "pixels") pixelSteps.push(item.apply);
    else {
      stages.push({ pixelSteps, graph: item.run });
      pixelSteps = [];
    }
  }
  return [...stages, { pixelSteps }];
}
