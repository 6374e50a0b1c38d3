/**
 * Operators: one file each, with the type that is inferred, the ONNX form and the gradient together.
 *
 * May import `core/engine/graph/`. Files of this folder import each other in circles: gradients are made of operators.
 * That is safe because builders are hoisted functions, and all that runs on import is `defineOp`.
 *
 * @module
 */
export type { Operand } from "./_elementwise.ts";
export type { Interpolation } from "./_interpolation.ts";
export type { ReductionOptions } from "./_reduction.ts";
export type { WindowOptions } from "./_windows.ts";
export { abs } from "./abs.ts";
export { add } from "./add.ts";
export { allGather } from "./all_gather.ts";
export { allReduce } from "./all_reduce.ts";
export { and } from "./and.ts";
export { argMax, type ArgMaxOptions } from "./arg_max.ts";
export { averagePool, type AveragePoolOptions } from "./average_pool.ts";
export {
  batchNormalization,
  type BatchNormalizationOptions,
  type BatchNormalizationOutputs,
} from "./batch_normalization.ts";
export {
  batchNormalizationInference,
  type BatchNormalizationInferenceOptions,
} from "./batch_normalization_inference.ts";
export { cast } from "./cast.ts";
export { clip, type ClipOptions } from "./clip.ts";
export { concat, type ConcatOptions } from "./concat.ts";
export { conv, type ConvOptions } from "./conv.ts";
export { convTranspose, type ConvTransposeOptions } from "./conv_transpose.ts";
export { cos } from "./cos.ts";
export { countUp } from "./count_up.ts";
export { div } from "./div.ts";
export { dropout } from "./dropout.ts";
export { equal } from "./equal.ts";
export { erf } from "./erf.ts";
export { exp } from "./exp.ts";
export { expand } from "./expand.ts";
export { flatten } from "./flatten.ts";
export { floor } from "./floor.ts";
export { gather, type GatherOptions } from "./gather.ts";
export { gatherElements, type GatherElementsOptions } from "./gather_elements.ts";
export { gelu, type GeluOptions } from "./gelu.ts";
export { gemm, type GemmOptions } from "./gemm.ts";
export { globalAveragePool, type GlobalAveragePoolOptions } from "./global_average_pool.ts";
export { greater } from "./greater.ts";
export { greaterOrEqual } from "./greater_or_equal.ts";
export { groupNormalization, type GroupNormalizationOptions } from "./group_normalization.ts";
export { identity } from "./identity.ts";
export { l2Normalize, type L2NormalizeOptions } from "./l2_normalize.ts";
export { layerNormalization, type LayerNormalizationOptions } from "./layer_normalization.ts";
export { leakyRelu } from "./leaky_relu.ts";
export { less } from "./less.ts";
export { lessOrEqual } from "./less_or_equal.ts";
export { log } from "./log.ts";
export { logSoftmax } from "./log_softmax.ts";
export { logSumExp } from "./log_sum_exp.ts";
export { matMul, type MatMulOptions } from "./mat_mul.ts";
export { maxPool, type MaxPoolOptions } from "./max_pool.ts";
export { maximum } from "./maximum.ts";
export { minimum } from "./minimum.ts";
export { mul } from "./mul.ts";
export { multiHeadAttention, type MultiHeadAttentionOptions } from "./multi_head_attention.ts";
export { neg } from "./neg.ts";
export { not } from "./not.ts";
export { oneHot, type OneHotOptions } from "./one_hot.ts";
export { or } from "./or.ts";
export { ownRows } from "./own_rows.ts";
export { pad, type PadOptions } from "./pad.ts";
export { pow } from "./pow.ts";
export { quickGelu } from "./quick_gelu.ts";
export { reciprocal } from "./reciprocal.ts";
export { reduceL2 } from "./reduce_l2.ts";
export { reduceMax } from "./reduce_max.ts";
export { reduceMean } from "./reduce_mean.ts";
export { reduceMin } from "./reduce_min.ts";
export { reduceScatter } from "./reduce_scatter.ts";
export { reduceSum } from "./reduce_sum.ts";
export { relu } from "./relu.ts";
export { reshape } from "./reshape.ts";
export { resize, type ResizeOptions } from "./resize.ts";
export { round } from "./round.ts";
export { runningAverage, type RunningAverageOptions } from "./running_average.ts";
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from "./scaled_dot_product_attention.ts";
export { scatterElements, type ScatterElementsOptions } from "./scatter_elements.ts";
export { scatterRows } from "./scatter_rows.ts";
export { sigmoid } from "./sigmoid.ts";
export { sign } from "./sign.ts";
export { silu } from "./silu.ts";
export { sin } from "./sin.ts";
export { slice, type SliceOptions } from "./slice.ts";
export { softmax, type SoftmaxOptions } from "./softmax.ts";
export { softplus } from "./softplus.ts";
export { split, type SplitOptions } from "./split.ts";
export { sqrt } from "./sqrt.ts";
export { squeeze } from "./squeeze.ts";
export { stopGradient } from "./stop_gradient.ts";
export { sub } from "./sub.ts";
export { synchronizedBatchNormalization } from "./synchronized_batch_normalization.ts";
export { sumTo } from "./sum_to.ts";
export { tanh } from "./tanh.ts";
export { topK, type TopKOptions } from "./top_k.ts";
export { transpose } from "./transpose.ts";
export { unsqueeze } from "./unsqueeze.ts";
export { where } from "./where.ts";
