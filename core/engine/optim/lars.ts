/**
 * Layer-wise adaptive rate scaling.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { div } from "../ops/div.ts";
import { greater } from "../ops/greater.ts";
import { minimum } from "../ops/minimum.ts";
import { mul } from "../ops/mul.ts";
import { reduceL2 } from "../ops/reduce_l2.ts";
import { sub } from "../ops/sub.ts";
import { where } from "../ops/where.ts";
import { times } from "./_times.ts";
import { checkOption, type Optimizer, type ParameterUpdate } from "./optimizer.ts";

/**
 * Whose LARS: they differ in where the learning rate enters, and so while it changes, and in the norm that divides.
 * `larc-clip` never steps further than the learning rate alone would.
 */
export type LarsVariant = "mmpretrain" | "moco-v3" | "larc" | "larc-clip";

/** Options of {@linkcode lars}. */
export interface LarsOptions {
  /** Default `mmpretrain`. */
  readonly variant?: LarsVariant;
  /** Share of the velocity that is kept, in [0, 1) (default 0.9). */
  readonly momentum?: number;
  /** Trust coefficient: length of a step as a share of the parameter's norm (default 0.001). */
  readonly eta?: number;
  /** What is added to the norm that divides, in all variants but `moco-v3` (default 1e-8). */
  readonly epsilon?: number;
}

/** `scaled` where both norms are above zero, otherwise something else: a fresh bias has no length to take a share of. */
function trust(
  parameterNorm: Value,
  updateNorm: Value,
  scaled: Value,
  otherwise: Value | number = 1,
): Value {
  return where(greater(minimum(parameterNorm, updateNorm), 0), scaled, otherwise);
}

/** `eta |p| / (|g| + wd |p| + epsilon)`, with the gradient before weight decay. */
function share(
  { gradientNorm, weightDecay }: ParameterUpdate,
  norm: Value,
  { eta, epsilon }: Required<LarsOptions>,
): Value {
  const decay = weightDecay === undefined
    ? gradientNorm
    : add(gradientNorm, mul(norm, weightDecay));
  return div(mul(norm, eta), add(decay, epsilon));
}

/** `v = momentum v + r lr (g + wd p); p -= v`, r from the norm of the gradient before weight decay. */
function updateWithRateInside(given: ParameterUpdate, options: Required<LarsOptions>) {
  const { parameter, gradient, gradientNorm, learningRate, weightDecay } = given;
  let rate = learningRate;
  if (!given.excludeFromLars) {
    const norm = reduceL2(parameter);
    rate = mul(rate, trust(norm, gradientNorm, share(given, norm, options)));
  }
  // The rate goes into both terms as a scalar, which saves the pass over their sum.
  const step = times(gradient, rate);
  const decayed = weightDecay === undefined
    ? step
    : add(step, times(parameter, mul(rate, weightDecay)));
  const velocity = add(times(given.slots["momentum"]!, options.momentum), decayed);
  return { parameter: sub(parameter, velocity), slots: { momentum: velocity } };
}

/**
 * `v = momentum v + r (g + wd p); p -= lr v`, r as in `updateWithRateInside`, or `min(r / lr, 1)`; where r has no share to
 * take, nothing decays.
 */
function updateByLarc(given: ParameterUpdate, options: Required<LarsOptions>) {
  const { parameter, gradient, gradientNorm, learningRate, weightDecay } = given;
  let step = gradient;
  let decay = weightDecay;
  if (!given.excludeFromLars) {
    const norm = reduceL2(parameter);
    const found = share(given, norm, options);
    const ratio = options.variant === "larc" ? found : minimum(div(found, learningRate), 1);
    step = times(gradient, trust(norm, gradientNorm, ratio));
    decay = weightDecay && trust(norm, gradientNorm, mul(ratio, weightDecay), 0);
  }
  const decayed = decay === undefined ? step : add(step, times(parameter, decay));
  const velocity = add(times(given.slots["momentum"]!, options.momentum), decayed);
  return {
    parameter: sub(parameter, times(velocity, learningRate)),
    slots: { momentum: velocity },
  };
}

/** `u = g + wd p; v = momentum v + r u; p -= lr v`, r from the norm of u; vectors neither decay nor are scaled. */
function updateWithRateOutside(given: ParameterUpdate, options: Required<LarsOptions>) {
  const { parameter, gradient, learningRate } = given;
  const vector = parameter.rank <= 1;
  const weightDecay = vector ? undefined : given.weightDecay;
  let step = weightDecay === undefined ? gradient : add(gradient, times(parameter, weightDecay));
  if (!vector && !given.excludeFromLars) {
    const norm = reduceL2(parameter);
    const stepNorm = weightDecay === undefined ? given.gradientNorm : reduceL2(step);
    step = times(step, trust(norm, stepNorm, div(mul(norm, options.eta), stepNorm)));
  }
  const velocity = add(times(given.slots["momentum"]!, options.momentum), step);
  return {
    parameter: sub(parameter, times(velocity, learningRate)),
    slots: { momentum: velocity },
  };
}

const RULES = {
  "mmpretrain": updateWithRateInside,
  "moco-v3": updateWithRateOutside,
  "larc": updateByLarc,
  "larc-clip": updateByLarc,
} as const;

/**
 * Layer-wise adaptive rate scaling: each parameter's step is a share of the parameter's own norm
 * ({@link https://arxiv.org/abs/1708.03888 | You et al. 2017}).
 *
 * The variant `mmpretrain` is that of its `engine/optimizers/lars.py`, with the learning rate inside the momentum; the
 * variant `moco-v3` is that of facebookresearch/moco-v3's `moco/optimizer.py`, with the learning rate outside, and
 * vectors excluded (Barlow Twins and VICReg have the same). The variant `larc` is that of NVIDIA apex's
 * `parallel/LARC.py` around SGD without clipping, as SwAV uses it: the learning rate is outside, and the norm that
 * divides is mmpretrain's; `larc-clip` is the same with clipping, solo-learn's `clip_lr`. A parameter rule excludes
 * further parameters.
 *
 * The graph takes 10 passes over a parameter, four of them for two norms, and 11 in all variants but `mmpretrain`; an
 * excluded one takes 6 in `mmpretrain`. Each is 2 fewer without weight decay.
 *
 * @throws {RangeError} if the momentum is not in [0, 1), or another option is not above 0
 */
export function lars(given: LarsOptions = {}): Optimizer {
  const options: Required<LarsOptions> = {
    variant: "mmpretrain",
    momentum: 0.9,
    eta: 0.001,
    epsilon: 1e-8,
    ...given,
  };
  checkOption("LARS", "momentum", options.momentum, 0, 1);
  checkOption("LARS", "eta", options.eta, Number.MIN_VALUE, Infinity);
  checkOption("LARS", "epsilon", options.epsilon, 0, Infinity);
  return {
    name: "lars",
    slots: () => ({ momentum: 0 }),
    stepScalars: () => ({}),
    ownStepScalars: () => ({}),
    isPerTensor: ({ shape }, excluded) =>
      // That of MoCo v3 knows vectors by their one axis, which a vector of several vectors has too.
      options.variant === "moco-v3" ? shape.length > 1 : !excluded,
    update: (update) => RULES[options.variant](update, options),
  };
}
