/**
 * Tables of formulations that override the heuristic, measured on a machine and kept as JSON.
 *
 * @module
 */
import { FORWARD, type ForwardName } from "./forward.ts";
import { INPUT_GRADIENTS, type InputGradientName } from "./input_gradients.ts";
import type { ConvProblem } from "./problem.ts";
import { WEIGHT_GRADIENTS, type WeightGradientName } from "./weight_gradients.ts";

/** Formulations of a convolution and its gradients. */
export interface ConvChoice {
  readonly forward: ForwardName;
  readonly inputGradient: InputGradientName;
  readonly weightGradient: WeightGradientName;
}

/** What is known of the machine that will run the graphs. */
export interface ConvTuning {
  /**
   * Channels that ONNX Runtime's kernels on this CPU block together, from `probeChannelBlock`; 1 (default) for graphs
   * that run anywhere, on a GPU too.
   */
  readonly channelBlock?: number;
  /**
   * Whether weights are fixed in the model, and it runs on the CPU. ONNX Runtime then blocks the channels of all that is
   * written as a convolution, linear maps too, once and for good as it loads the model.
   */
  readonly fixedWeights?: boolean;
  /** Formulations by the problem's key; what is left out is chosen by the heuristic. */
  readonly choices?: Readonly<Record<string, Partial<ConvChoice>>>;
}

const PORTABLE: ConvTuning = {};

let current: ConvTuning = PORTABLE;
let observer: ((problem: ConvProblem) => void) | undefined;

/** The tuning in whose scope convolutions are being built. */
export function currentConvTuning(): ConvTuning {
  return current;
}

/** Builds with a tuning: it holds for the convolutions that `build` makes, and for the gradients that it takes. */
export function withConvTuning<T>(tuning: ConvTuning, build: () => T): T {
  const outer = current;
  current = tuning;
  try {
    return build();
  } finally {
    current = outer;
  }
}

/** Tells the problem of every convolution that `build` makes to an observer; gradients may make some themselves. */
export function observeConvolutions<T>(
  observe: (problem: ConvProblem) => void,
  build: () => T,
): T {
  const outer = observer;
  observer = observe;
  try {
    return build();
  } finally {
    observer = outer;
  }
}

/** Tells a problem to the observer, if there is one. */
export function noteConvolution(problem: ConvProblem): void {
  observer?.(problem);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names of the formulations of a task; none if there is no such task. */
function knownNames(task: string): string[] {
  if (task === "forward") return Object.keys(FORWARD);
  if (task === "inputGradient") return Object.keys(INPUT_GRADIENTS);
  return task === "weightGradient" ? Object.keys(WEIGHT_GRADIENTS) : [];
}

function checkChoice(key: string, choice: unknown): void {
  if (!isRecord(choice)) {
    throw new SyntaxError(`Cannot read a convolution tuning: the choice of "${key}" is no object`);
  }
  for (const [task, name] of Object.entries(choice)) {
    const known = knownNames(task);
    if (!known.includes(String(name))) {
      throw new SyntaxError(
        `Cannot read a convolution tuning: ${task} of "${key}" must be one of ` +
          `${known.join(", ") || "no task of that name"}, found ${JSON.stringify(name)}`,
      );
    }
  }
}

/**
 * Reads a tuning that {@linkcode formatConvTuning} wrote.
 *
 * @throws {SyntaxError} if the text is not such a tuning, or names a formulation that there is not
 */
export function parseConvTuning(text: string): ConvTuning {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || !isRecord(value.choices) || !Number.isInteger(value.channelBlock)) {
    throw new SyntaxError(
      "Cannot read a convolution tuning: it must have an integer channelBlock and choices",
    );
  }
  for (const [key, choice] of Object.entries(value.choices)) checkChoice(key, choice);
  return value as ConvTuning;
}

/** A tuning as JSON, its choices in the order of their keys. */
export function formatConvTuning({ channelBlock = 1, choices = {} }: ConvTuning): string {
  const sorted = Object.entries(choices).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify({ channelBlock, choices: Object.fromEntries(sorted) }, null, 2) + "\n";
}
