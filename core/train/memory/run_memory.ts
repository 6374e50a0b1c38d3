/**
 * The peak memory of a training run, before it begins.
 *
 * @module
 */
import type { ViewRecipe } from "../../data/views/recipe.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { EncoderMemory } from "./encoder_memory.ts";
import type { EvaluationMemory } from "./evaluation_memory.ts";
import type { StepMemory } from "./step_memory.ts";

/** Peak memory of a run on the CPU, in bytes, by what takes it. */
export interface RunMemory {
  /** Parameters and buffers, those of the momentum encoder among them. */
  readonly state: number;
  /** The optimizer's slots. */
  readonly slots: number;
  /** Gradients, and whatever else passes from one model to the other. */
  readonly gradients: number;
  /** Intermediate values of the networks. */
  readonly activations: number;
  /** Batches: that of the step, and those that are loaded ahead. */
  readonly batches: number;
  /** The network that weights pairs; 0 without one. */
  readonly pairEncoder: number;
  /** The process itself: Deno, ONNX Runtime, the code, the loaders, the models, the list of images, and the values that a run
   * starts with. */
  readonly process: number;
  /** All of it. */
  readonly total: number;
}

/** What a process takes that trains nothing yet: measured, see `deno task bench memory`. */
const PROCESS = 250 << 20;

/** What a node takes in ONNX Runtime and in the graph that it was built from: measured likewise. */
const NODE = 20 << 10;

/** What each loader beyond the first takes: a worker with the code of data sets and views. */
const LOADER = 40 << 20;

/**
 * Share of the values that a run starts with, parameters and the optimizer's, that is still in JavaScript's memory at the
 * peak, after they have been copied to where the step keeps them.
 */
const UNCOLLECTED = 0.5;

/** What rendered emoji take: their drawings. */
const EMOJI = 80 << 20;

/** What an evaluation takes beside its network: its images, and the features that are compared. */
const EVALUATION = 60 << 20;

/** What an image of a data set takes that is read as it is needed: its path and its label. */
const IMAGE = 500;

/** Batches that a loader holds: the one in use, and two that are made ahead. */
const LOADED_BATCHES = 3;

/** Colours of a pixel, a byte each. */
const COLORS = 3;

/** What is known of a run. */
export interface RunMemoryParts {
  /** Of its step. */
  readonly step: StepMemory;
  /** Of the network that weights pairs, if one does. */
  readonly encoder?: EncoderMemory | undefined;
  /** Of its evaluations, if there are any. */
  readonly evaluation?: EvaluationMemory | undefined;
  /** Images of its data set. */
  readonly images: number;
  /** Recipes of its views. */
  readonly recipes: readonly Pick<ViewRecipe, "size">[];
  /** Parameters that values are drawn for: all but those of the momentum encoder, which starts as a copy. */
  readonly drawnParameters: number;
  /** What is asked of batches, loaders and data. */
  readonly configuration: Pick<Configuration, "batchSize" | "loaders" | "data">;
}

/**
 * Estimates the peak memory of a run.
 *
 * The intermediate values are those of ONNX Runtime's own plan and arena, followed without computing anything; what a
 * process takes besides was measured. Together they are within 20 % of the peak resident memory of real runs
 * (`deno task bench memory`).
 */
export function runMemory(
  { step, encoder, evaluation, images, recipes, drawnParameters, configuration }: RunMemoryParts,
): RunMemory {
  const { batchSize, loaders, data } = configuration;
  const pixels = recipes.reduce((sum, { size }) => sum + size * size, 0);
  const frozen = [encoder, evaluation].filter((network) => network !== undefined);
  const nodes = [...Object.values(step.models), ...frozen]
    .reduce((sum, model) => sum + model.nodes, 0);
  const parts = {
    state: step.state,
    slots: step.slots,
    gradients: step.passed,
    // One arena serves all models, which run in turn: it is as large as the largest need.
    activations: Math.max(step.activations, ...frozen.map(({ activations }) => activations)),
    batches: step.batch + LOADED_BATCHES * batchSize * COLORS * pixels,
    pairEncoder: encoder?.weights ?? 0,
    process: PROCESS + NODE * nodes + LOADER * Math.max(0, loaders - 2) +
      (data.startsWith("emoji-") ? EMOJI : IMAGE * images) + (evaluation ? EVALUATION : 0) +
      UNCOLLECTED * (Float32Array.BYTES_PER_ELEMENT * drawnParameters + step.slots),
  };
  return { ...parts, total: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}
