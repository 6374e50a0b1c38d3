import { defineComposite } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { currentRanks, currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import {
  type BatchGradients,
  type BatchInputs,
  channelDot,
  inRows,
  inWide,
  perChannel,
} from "./_batch_statistics.ts";
import { checkChannels, sumPerChannel } from "./_channels.ts";
import {
  halfOr,
  halfStatistics,
  halfSum,
  halfVectors,
  normalizeHalf,
  scaleHalf,
} from "./_half_channels.ts";
import { factorOf, normalizeChannels } from "./_normalize_channels.ts";
import { add } from "./add.ts";
import { allGather } from "./all_gather.ts";
import { allReduce } from "./all_reduce.ts";
import {
  batchNormalization,
  type BatchNormalizationOptions,
  type BatchNormalizationOutputs,
} from "./batch_normalization.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { reciprocal } from "./reciprocal.ts";
import { reduceMean } from "./reduce_mean.ts";
import { reshape } from "./reshape.ts";
import { split } from "./split.ts";
import { sqrt } from "./sqrt.ts";
import { sub } from "./sub.ts";

/**
 * Mean and biased variance of each channel over the samples of all processes, by those of each process's, which are of
 * equally many (Chan, Golub & LeVeque 1979, equation 2.1): one exchange, of which every process computes the same bits.
 */
function ofAllRanks(mean: Value, variance: Value): { mean: Value; variance: Value } {
  const channels = mean.shape[0]!;
  const own = reshape(concat([mean, variance], { axis: 0 }), [1, 2 * channels]);
  const [means, variances] = split(allGather(own), [channels, channels], { axis: 1 });
  const whole = reduceMean(means!, { axis: 0 });
  const apart = sub(means!, whole);
  return {
    mean: whole,
    variance: add(reduceMean(variances!, { axis: 0 }), reduceMean(mul(apart, apart), { axis: 0 })),
  };
}

/** Sums of two vectors `[C]` over all processes, by one exchange. */
function summed(a: Value, b: Value): readonly [Value, Value] {
  const channels = a.shape[0]!;
  const sums = allReduce(concat([a, b], { axis: 0 }));
  return split(sums, [channels, channels], { axis: 0 }) as [Value, Value];
}

interface Attributes {
  readonly epsilon: number;
}

/** What the operator makes. */
interface Outputs extends BatchNormalizationOutputs {
  /** Mean of each channel over the process's own samples, `[C]`. */
  readonly ownMean: Value;
  /** x less that mean; x itself where that is float16 on CUDA, of which nothing else is kept. */
  readonly centred: Value;
  /** One over the deviation of each channel, `[C]`. */
  readonly inverseDeviation: Value;
}

type GradientValues = BatchInputs & Outputs & { readonly dy: Value };

/** A vector times the scale, where there is one. */
function scaledBy(scale: Value | undefined, vector: Value): Value {
  return scale === undefined ? vector : mul(scale, vector);
}

/**
 * What stays of a tensor's size is x less the process's own mean, which is there before the processes have exchanged
 * anything; what that is away from the mean of all is a number in each channel, and goes with what is added there anyway.
 */
function normalize({ x, scale, bias }: BatchInputs, { epsilon }: Attributes): Outputs {
  checkChannels(x, { scale, bias });
  const share = x.shape[1]! / elementCount(x.shape);
  const ownMean = mul(sumPerChannel(x), share);
  const centred = sub(x, perChannel(ownMean, x));
  const { mean, variance } = ofAllRanks(ownMean, mul(channelDot(centred, centred), share));
  const apart = sub(ownMean, mean);
  if (currentTarget().provider === "cuda") {
    // All that is linear in a channel is one kernel.
    const y = normalizeChannels(centred, { scale, bias, mean: neg(apart), variance, epsilon });
    const inverseDeviation = factorOf({ variance, epsilon });
    return { y, mean, variance, ownMean, centred, inverseDeviation };
  }
  const inverseDeviation = reciprocal(sqrt(add(variance, epsilon)));
  const factor = scaledBy(scale, inverseDeviation);
  const moved = mul(apart, factor);
  const shift = bias === undefined ? moved : add(bias, moved);
  const y = add(mul(centred, perChannel(factor, x)), perChannel(shift, x));
  return { y, mean, variance, ownMean, centred, inverseDeviation };
}

/** The same of images of float16 on CUDA, which stay so. */
function normalizeOfHalf({ x, scale, bias }: BatchInputs, { epsilon }: Attributes): Outputs {
  const vectors = halfVectors({ x, scale, bias });
  const own = halfStatistics(x);
  const { mean, variance } = ofAllRanks(own.mean, own.variance);
  const inverseDeviation = factorOf({ variance, epsilon });
  const factor = scaledBy(vectors.scale, inverseDeviation);
  const y = normalizeHalf(x, factor, { ...vectors, mean, variance, epsilon });
  return { y, mean, variance, ownMean: own.mean, centred: x, inverseDeviation };
}

/**
 * dx = (g - mean(g) - (x - m)/s mean(g (x - m)/s)) / s, g = scale dy, with means over all processes, whose losses are
 * summed. Gradients by scale and bias are of each process's own, as those by any other parameter.
 */
function gradient(values: GradientValues): BatchGradients {
  const { x, scale, bias, mean, ownMean, centred, inverseDeviation, dy } = values;
  const share = x.shape[1]! / elementCount(x.shape) / currentRanks();
  const apart = sub(ownMean, mean);
  const dySum = sumPerChannel(dy);
  const dyNormalized = mul(add(channelDot(dy, centred), mul(apart, dySum)), inverseDeviation);
  const [ofOnes, ofNormalized] = summed(scaledBy(scale, dySum), scaledBy(scale, dyNormalized));
  const byOnes = mul(mul(ofOnes, inverseDeviation), -share);
  const byCentred = mul(mul(ofNormalized, mul(inverseDeviation, inverseDeviation)), -share);
  const shift = add(byOnes, mul(byCentred, apart));
  const dx = add(
    add(
      mul(dy, perChannel(scaledBy(scale, inverseDeviation), x)),
      mul(centred, perChannel(byCentred, x)),
    ),
    perChannel(shift, x),
  );
  return {
    x: dx,
    ...(scale && { scale: dyNormalized }),
    ...(bias && { bias: dySum }),
  };
}

/** The same of images of float16 on CUDA. */
function gradientOfHalf(values: GradientValues, { epsilon }: Attributes): BatchGradients {
  const { x, bias, mean, variance, inverseDeviation, dy } = values;
  const scale = values.scale && cast(values.scale, "float32");
  const normalized = normalizeHalf(x, inverseDeviation, { mean, variance, epsilon });
  const dySum = halfSum(dy);
  const dyNormalized = halfSum(dy, normalized);
  const sums = summed(scaledBy(scale, dySum), scaledBy(scale, dyNormalized));
  const shares = mul(inverseDeviation, x.shape[1]! / elementCount(x.shape) / currentRanks());
  const [ofOnes, ofNormalized] = sums.map((sum) => mul(sum, shares));
  const factor = cast(scaledBy(scale, inverseDeviation), x.dtype);
  return {
    x: sub(mul(dy, perChannel(factor, x)), scaleHalf(normalized, ofNormalized!, ofOnes!)),
    ...(values.scale && { scale: cast(dyNormalized, values.scale.dtype) }),
    ...(bias && { bias: cast(dySum, bias.dtype) }),
  };
}

const SynchronizedBatchNormalization = defineComposite({
  type: "SynchronizedBatchNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "variance", "ownMean", "centred", "inverseDeviation"],
  precision: "itself",
  expand: halfOr(normalizeOfHalf, inWide(normalize)),
  gradient: halfOr(gradientOfHalf, inRows(({ ownMean }) => ownMean, gradient)),
});

/**
 * Batch normalisation with the statistics of the samples of all processes of the graph, as `torch.nn.SyncBatchNorm`; that
 * of {@linkcode batchNormalization} where there is one process. Forward and backward pass exchange 2 C numbers, once each.
 *
 * What is differentiated is the sum of the losses of all processes. Gradients by scale and bias are those by each process's
 * own, of which the sum over all processes is the one by a scale and bias that they share.
 *
 * @param x `[N, C]` or `[N, C, ...]`, of the same shape everywhere
 * @throws {RangeError} if shapes do not fit
 * @throws {TypeError} if element types differ or are no floats
 */
export function synchronizedBatchNormalization(
  x: Value,
  options: BatchNormalizationOptions = {},
): BatchNormalizationOutputs {
  if (currentRanks() === 1) return batchNormalization(x, options);
  const { scale, bias, epsilon = 1e-5 } = options;
  const { y, mean, variance } = SynchronizedBatchNormalization({ x, scale, bias }, { epsilon });
  return { y, mean, variance };
}
