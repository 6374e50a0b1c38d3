/**
 * Which formulations convolutions are given, and which convolutions a graph has.
 *
 * @module
 */
import type { GraphTarget } from "../../graph/target.ts";
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

/** What graphs with convolutions are built for. */
export interface ConvTuning extends GraphTarget {
  /** Formulations by the problem's key; what is left out is chosen by the heuristic. */
  readonly choices?: Readonly<Record<string, Partial<ConvChoice>>>;
}

let observer: ((problem: ConvProblem) => void) | undefined;

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
