/**
 * Adam with decoupled weight decay.
 *
 * @module
 */
import { add } from "../ops/add.ts";
import { div } from "../ops/div.ts";
import { mul } from "../ops/mul.ts";
import { sqrt } from "../ops/sqrt.ts";
import { sub } from "../ops/sub.ts";
import { tanh } from "../ops/tanh.ts";
import type { Value } from "../graph/value.ts";
import { scalarOperand, times } from "./_times.ts";
import { checkOption, type Optimizer } from "./optimizer.ts";

/** Options of {@linkcode adamW}. */
export interface AdamWOptions {
  /** Share of the mean gradient that is kept, in [0, 1) (default 0.9). */
  readonly beta1?: number;
  /** Share of the mean squared gradient that is kept, in [0, 1) (default 0.999). */
  readonly beta2?: number;
  /** What is added to the root of the mean squared gradient (default 1e-8). */
  readonly epsilon?: number;
}

/** `1 - beta^t` as a graph, to the last digits of float32 also where it is small. */
function correction(beta: number, t: Value): Value {
  // 1 - exp(-2x) = 2 tanh(x) / (1 + tanh(x)): the difference from 1 would lose what float32 keeps of a small number.
  const half = tanh(mul(t, -Math.log(beta) / 2));
  return div(mul(half, 2), add(half, 1));
}

/**
 * Adam with decoupled weight decay, as `torch.optim.AdamW`
 * ({@link https://arxiv.org/abs/1711.05101 | Loshchilov & Hutter 2019}, algorithm 2).
 *
 * With t updates taken, c1 = 1 - beta1^t and c2 = 1 - beta2^t, `p -= lr (m / c1) / (sqrt(v / c2) + epsilon)` is computed
 * as `p -= lr step_scale m / (sqrt(v) + step_epsilon)`, step_scale = sqrt(c2) / c1 and step_epsilon = epsilon sqrt(c2):
 * the corrections are scalars of the step, not passes over the parameter.
 *
 * The graph takes 13 passes over a parameter, 1 fewer without weight decay.
 *
 * @throws {RangeError} if a beta is not in [0, 1), or epsilon is negative
 */
export function adamW(
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions = {},
): Optimizer {
  checkOption("AdamW", "beta1", beta1, 0, 1);
  checkOption("AdamW", "beta2", beta2, 0, 1);
  checkOption("AdamW", "epsilon", epsilon, 0, Infinity);
  return {
    name: "adamw",
    slots: () => ({ first_moment: 0, second_moment: 0 }),
    stepScalars(step) {
      const root = Math.sqrt(1 - beta2 ** (step + 1));
      return { step_scale: root / (1 - beta1 ** (step + 1)), step_epsilon: epsilon * root };
    },
    ownStepScalars(updates) {
      const root = sqrt(correction(beta2, updates));
      return {
        step_scale: div(root, correction(beta1, updates)),
        step_epsilon: mul(root, epsilon),
      };
    },
    isPerTensor: () => false,
    update({ parameter, gradient, slots, learningRate, weightDecay, stepScalars }) {
      const first = add(times(slots["first_moment"]!, beta1), times(gradient, 1 - beta1));
      const second = add(
        times(slots["second_moment"]!, beta2),
        times(mul(gradient, gradient), 1 - beta2),
      );
      const direction = div(
        first,
        add(sqrt(second), scalarOperand(stepScalars["step_epsilon"]!, second.shape)),
      );
      const decayed = weightDecay === undefined
        ? parameter
        : times(parameter, sub(1, mul(learningRate, weightDecay)));
      const rate = mul(learningRate, stepScalars["step_scale"]!);
      return {
        parameter: sub(decayed, times(direction, rate)),
        slots: { first_moment: first, second_moment: second },
      };
    },
  };
}
