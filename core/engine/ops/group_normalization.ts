import { GenviewRangeError } from "../../errors/mod.ts";
import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { checkChannels, sumPerChannel } from "./_channels.ts";
import { centre, standardizedGradient } from "./_standardize.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode groupNormalization}. */
export interface GroupNormalizationOptions {
  /** Groups that the channels are split into. */
  readonly groups: number;
  /** Factor of each channel, `[C]`. */
  readonly scale?: Value;
  /** What is added to each channel, `[C]`. */
  readonly bias?: Value;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

interface GroupNormalizationAttributes {
  readonly groups: number;
  readonly epsilon: number;
}

/** The last axis of a tensor seen as `[N, groups, elements of a group]`. */
const WITHIN_GROUP = [2];

function grouped(x: Value, groups: number): Value {
  return reshape(x, [x.shape[0]!, groups, -1]);
}

/** One number per channel, seen as `[C, 1, ...]`, so that it stretches over the pixels of x. */
function overChannels(value: Value, x: Value): Value {
  return reshape(value, [x.shape[1]!, ...x.shape.slice(2).map(() => 1)]);
}

/** scale r, one number per image and channel: what the deviations from the mean are multiplied by. */
function factorOf(x: Value, inverseDeviation: Value, scale: Value | undefined): Value {
  if (scale === undefined) return inverseDeviation;
  const groups = inverseDeviation.shape[1]!;
  return reshape(mul(inverseDeviation, reshape(scale, [1, groups, -1])), [
    ...x.shape.slice(0, 2),
    ...x.shape.slice(2).map(() => 1),
  ]);
}

const GroupNormalization = defineComposite({
  type: "GroupNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "inverseDeviation"],
  precision: "within",
  expand: ({ x, scale, bias }, { groups, epsilon }: GroupNormalizationAttributes) => {
    checkChannels(x, { scale, bias });
    const channels = x.shape[1]!;
    if (!Number.isInteger(groups) || channels % groups !== 0) {
      throw new GenviewRangeError(`groups must divide the ${channels} channels, found ${groups}`);
    }
    const { centred, mean, inverseDeviation } = centre(grouped(x, groups), WITHIN_GROUP, epsilon);
    const factor = factorOf(x, inverseDeviation, scale);
    const deviations = scale === undefined ? centred : reshape(centred, x.shape);
    const y = reshape(mul(deviations, factor), x.shape);
    return { y: bias === undefined ? y : add(y, overChannels(bias, x)), mean, inverseDeviation };
  },
  // With z = (x - mean) r and dz = scale dy: dx = r (dz - mean(dz) - z mean(z dz)), dscale = z dy, dbias = dy
  gradient: ({ x, scale, bias, mean, inverseDeviation, dy }, { groups }) => {
    const z = mul(sub(grouped(x, groups), mean), inverseDeviation);
    const dz = grouped(scale === undefined ? dy : mul(dy, overChannels(scale, x)), groups);
    const dx = standardizedGradient({ z, dz, inverseDeviation }, WITHIN_GROUP);
    return {
      x: reshape(dx, x.shape),
      ...(scale && { scale: sumPerChannel(mul(dy, reshape(z, x.shape))) }),
      ...(bias && { bias: sumPerChannel(dy) }),
    };
  },
});

/**
 * Group normalisation of `[N, C, ...]`: the elements of each group of channels moved to mean zero and variance one,
 * then scaled and shifted by channel.
 *
 * Source: Wu & He 2018, "Group normalization", equations 1 to 3; as `torch.nn.functional.group_norm`.
 */
export function groupNormalization(x: Value, options: GroupNormalizationOptions): Value {
  const { groups, scale, bias, epsilon = 1e-5 } = options;
  return GroupNormalization({ x, scale, bias }, { groups, epsilon }).y;
}
