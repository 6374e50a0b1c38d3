/**
 * Stochastic gradient descent with momentum.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { add } from "../ops/add.ts";
import { sub } from "../ops/sub.ts";
import { times } from "./_times.ts";
import { checkOption, type Optimizer, type UpdatedParameter } from "./optimizer.ts";

/** Options of {@linkcode sgd}. */
export interface SgdOptions {
  /**
   * Share of the velocity that a step keeps, in [0, 1) (default 0.9); without any there is no slot. Not the momentum of
   * a moving average, see `movingAverage`.
   */
  readonly momentum?: number;
  /** Whether the step looks ahead along the velocity, after Nesterov (default false). */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as `torch.optim.SGD` with dampening 0: `g += wd p; v = momentum v + g; p -= lr v`, or
 * `p -= lr (g + momentum v)` with Nesterov's momentum. Weight decay is part of the gradient.
 *
 * The graph takes 6 passes over a parameter, 2 fewer without weight decay and 2 more with Nesterov's momentum.
 *
 * @throws {RangeError} if the momentum is not in [0, 1), or is 0 with Nesterov's
 */
export function sgd({ momentum = 0.9, nesterov = false }: SgdOptions = {}): Optimizer {
  checkOption("SGD", "momentum", momentum, 0, 1);
  if (nesterov && momentum === 0) {
    throw new GenviewRangeError("Cannot make SGD: Nesterov's momentum must be above 0, found 0");
  }
  return {
    name: "sgd",
    slots: (): Readonly<Record<string, number>> => momentum === 0 ? {} : { momentum: 0 },
    stepScalars: () => ({}),
    ownStepScalars: () => ({}),
    isPerTensor: () => false,
    update({ parameter, gradient, slots, learningRate, weightDecay }): UpdatedParameter {
      const decayed = weightDecay === undefined
        ? gradient
        : add(gradient, times(parameter, weightDecay));
      const before = slots["momentum"];
      const velocity = before === undefined ? decayed : add(times(before, momentum), decayed);
      const direction = nesterov ? add(decayed, times(velocity, momentum)) : velocity;
      return {
        parameter: sub(parameter, times(direction, learningRate)),
        slots: before === undefined ? {} : { momentum: velocity },
      };
    },
  };
}
