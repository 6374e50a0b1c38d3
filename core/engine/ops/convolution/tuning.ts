/**
 * What is known of the machine that will run a graph, while the graph is being built.
 *
 * @module
 */
import type { ForwardName } from "./forward.ts";
import type { InputGradientName } from "./input_gradients.ts";
import type { ConvProblem } from "./problem.ts";
import type { WeightGradientName } from "./weight_gradients.ts";

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

/** Whether graphs are being built for the kernels of this CPU, rather than for any device. */
export function isForThisCpu(): boolean {
  return (current.channelBlock ?? 1) > 1;
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
