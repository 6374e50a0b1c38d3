import { GenviewRangeError } from "../../errors/mod.ts";
import { defineComposite } from "../graph/op.ts";
import { sameType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { checkChannels } from "./_channels.ts";
import { centre } from "./_standardize.ts";
import { add } from "./add.ts";
import { div } from "./div.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode groupNormalization}. */
export interface GroupNormalizationOptions {
  /** Groups that the channels are split into. */
  readonly groups: number;
  /** Factor of each channel, `[C]`, or of each image's channels, `[N, C]`. */
  readonly scale?: Value;
  /** What is added to each channel, `[C]`, or to each image's channels, `[N, C]`. */
  readonly bias?: Value;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

interface GroupNormalizationAttributes {
  readonly groups: number;
  readonly epsilon: number;
}

/** The last axis of a tensor seen as `[N, groups, elements of a group]`, or as `[N, C, pixels]`. */
const LAST = [2];

function grouped(x: Value, groups: number): Value {
  return reshape(x, [x.shape[0]!, groups, -1]);
}

/** Factors or offsets as `[N or 1, C, 1]`, so that they stretch over the pixels. */
function overPixels(value: Value): Value {
  return reshape(value, [value.rank === 1 ? 1 : value.shape[0]!, value.shape.at(-1)!, 1]);
}

/** What an image's channels have summed up, `[N, C, 1]`, as the gradient of what `[C]` or `[N, C]` scales or shifts. */
function sumLike(sums: Value, value: Value): Value {
  return value.rank === 1 ? reduceSum(sums, { axes: [0, 2] }) : reshape(sums, value.shape);
}

/** Numbers of groups, `[N, groups, 1]`, times those of the groups' channels, `[N or 1, C, 1]`. */
function timesGroups(channels: Value, groups: Value): Value {
  const ofGroups = reshape(channels, [channels.shape[0]!, groups.shape[1]!, -1]);
  return reshape(mul(ofGroups, groups), [groups.shape[0]!, channels.shape[1]!, 1]);
}

function checkVectors(x: Value, vectors: Readonly<Record<string, Value | undefined>>): void {
  const ofImages = { dtype: x.dtype, shape: x.shape.slice(0, 2) };
  const others = Object.entries(vectors)
    .filter(([, value]) => value === undefined || !sameType(value.type, ofImages));
  checkChannels(x, Object.fromEntries(others));
}

const GroupNormalization = defineComposite({
  type: "GroupNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "inverseDeviation"],
  precision: "within",
  expand: ({ x, scale, bias }, { groups, epsilon }: GroupNormalizationAttributes) => {
    checkVectors(x, { scale, bias });
    const channels = x.shape[1]!;
    if (!Number.isInteger(groups) || channels % groups !== 0) {
      throw new GenviewRangeError(`groups must divide the ${channels} channels, found ${groups}`);
    }
    const { centred, mean, inverseDeviation } = centre(grouped(x, groups), LAST, epsilon);
    const z = scale === undefined
      ? mul(centred, inverseDeviation)
      : mul(grouped(centred, channels), timesGroups(overPixels(scale), inverseDeviation));
    const y = bias === undefined ? z : add(grouped(z, channels), overPixels(bias));
    return { y: reshape(y, x.shape), mean, inverseDeviation };
  },
  // With d = x - mean, z = d r and dz = scale dy: dx = r dz - r mean(dz) - d r^3 mean(d dz), dscale = z dy, dbias = dy. The means
  // over groups are those of sums over channels, which dscale and dbias are of.
  gradient: ({ x, scale, bias, mean, inverseDeviation: r, dy }, { groups }) => {
    const channels = x.shape[1]!;
    const d = sub(grouped(x, groups), mean);
    const dyPixels = grouped(dy, channels);
    const slopes = reduceSum(mul(dyPixels, grouped(d, channels)), { axes: LAST, keepDims: true });
    const sums = reduceSum(dyPixels, { axes: LAST, keepDims: true });
    const factor = scale && overPixels(scale);
    const meanOf = (values: Value) => {
      const scaled = grouped(factor === undefined ? values : mul(values, factor), groups);
      return div(reduceSum(scaled, { axes: LAST, keepDims: true }), d.shape[2]!);
    };
    const offset = add(mul(d, mul(mul(r, mul(r, r)), meanOf(slopes))), mul(r, meanOf(sums)));
    const dz = factor === undefined
      ? mul(grouped(dy, groups), r)
      : mul(dyPixels, timesGroups(factor, r));
    return {
      x: sub(reshape(dz, x.shape), reshape(offset, x.shape)),
      ...(scale && { scale: sumLike(timesGroups(slopes, r), scale) }),
      ...(bias && { bias: sumLike(sums, bias) }),
    };
  },
});

/**
 * Group normalisation of `[N, C, ...]`: the elements of each group of channels moved to mean zero and variance one,
 * then scaled and shifted by channel, each image by its own numbers if they are `[N, C]`.
 *
 * Source: Wu & He 2018, "Group normalization", equations 1 to 3; as `torch.nn.functional.group_norm`. Scales and shifts of
 * images are the adaptive group normalisation of Dhariwal & Nichol 2021, "Diffusion models beat GANs on image synthesis".
 */
export function groupNormalization(x: Value, options: GroupNormalizationOptions): Value {
  const { groups, scale, bias, epsilon = 1e-5 } = options;
  return GroupNormalization({ x, scale, bias }, { groups, epsilon }).y;
}
