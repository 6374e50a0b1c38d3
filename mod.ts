/**
 * genview: self-supervised visual pretraining with generated views. This is the public interface of the engine, the
 * networks, the losses and the methods; data, training runs, evaluation and plots are entry points of their own
 * (`core/data/mod.ts`, `core/train/mod.ts`, `core/evaluate/mod.ts`, `core/plot/mod.ts`).
 *
 * Nothing happens on import: no library is opened, no file read.
 *
 * @example A gradient
 * ```ts
 * import { encodeModel, float32, gradients, input, mul, reduceSum, Session } from "./mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const x = input("x", "float32", [3]);
 * const loss = reduceSum(mul(x, x));
 * const [dx] = gradients(loss, [x]);
 *
 * using session = await Session.create(encodeModel({ outputs: { dx: dx! } }));
 * const result = await session.run({ x: float32([3], [1, 2, 3]) });
 * assertEquals([...result["dx"]!.data], [2, 4, 6]);
 * ```
 *
 * @module
 */
export {
  type Apply,
  broadcastShapes,
  bytesOf,
  type CompositeSpec,
  constant,
  type DataOf,
  defineComposite,
  defineOp,
  type DType,
  elementCount,
  filled,
  float32,
  formatType,
  type GradientRule,
  input,
  int64,
  type Node,
  type OnnxAttribute,
  type OnnxForm,
  type Op,
  type OpSpec,
  printGraph,
  scalar,
  type Shape,
  type Source,
  type Tensor,
  tensor,
  type TensorType,
  Value,
  zeros,
} from "./core/engine/graph/mod.ts";
export { RandomStream } from "./core/engine/random/random_stream.ts";
export type { Operand } from "./core/engine/ops/_elementwise.ts";
export type { ReductionOptions } from "./core/engine/ops/_reduction.ts";
export type { WindowOptions } from "./core/engine/ops/_windows.ts";
export { abs } from "./core/engine/ops/abs.ts";
export { add } from "./core/engine/ops/add.ts";
export { and } from "./core/engine/ops/and.ts";
export { argMax, type ArgMaxOptions } from "./core/engine/ops/arg_max.ts";
export { averagePool, type AveragePoolOptions } from "./core/engine/ops/average_pool.ts";
export {
  batchNormalization,
  type BatchNormalizationOptions,
  type BatchNormalizationOutputs,
} from "./core/engine/ops/batch_normalization.ts";
export {
  batchNormalizationInference,
  type BatchNormalizationInferenceOptions,
} from "./core/engine/ops/batch_normalization_inference.ts";
export { cast } from "./core/engine/ops/cast.ts";
export { clip, type ClipOptions } from "./core/engine/ops/clip.ts";
export { concat, type ConcatOptions } from "./core/engine/ops/concat.ts";
export { conv, type ConvOptions } from "./core/engine/ops/conv.ts";
export { convTranspose, type ConvTransposeOptions } from "./core/engine/ops/conv_transpose.ts";
export { cos } from "./core/engine/ops/cos.ts";
export { div } from "./core/engine/ops/div.ts";
export { dropout } from "./core/engine/ops/dropout.ts";
export { equal } from "./core/engine/ops/equal.ts";
export { erf } from "./core/engine/ops/erf.ts";
export { exp } from "./core/engine/ops/exp.ts";
export { expand } from "./core/engine/ops/expand.ts";
export { flatten } from "./core/engine/ops/flatten.ts";
export { floor } from "./core/engine/ops/floor.ts";
export { gather, type GatherOptions } from "./core/engine/ops/gather.ts";
export { gatherElements, type GatherElementsOptions } from "./core/engine/ops/gather_elements.ts";
export { gelu, type GeluOptions } from "./core/engine/ops/gelu.ts";
export { gemm, type GemmOptions } from "./core/engine/ops/gemm.ts";
export {
  globalAveragePool,
  type GlobalAveragePoolOptions,
} from "./core/engine/ops/global_average_pool.ts";
export { greater } from "./core/engine/ops/greater.ts";
export { greaterOrEqual } from "./core/engine/ops/greater_or_equal.ts";
export {
  groupNormalization,
  type GroupNormalizationOptions,
} from "./core/engine/ops/group_normalization.ts";
export { identity } from "./core/engine/ops/identity.ts";
export { l2Normalize, type L2NormalizeOptions } from "./core/engine/ops/l2_normalize.ts";
export {
  layerNormalization,
  type LayerNormalizationOptions,
} from "./core/engine/ops/layer_normalization.ts";
export { leakyRelu } from "./core/engine/ops/leaky_relu.ts";
export { less } from "./core/engine/ops/less.ts";
export { lessOrEqual } from "./core/engine/ops/less_or_equal.ts";
export { log } from "./core/engine/ops/log.ts";
export { logSoftmax } from "./core/engine/ops/log_softmax.ts";
export { logSumExp } from "./core/engine/ops/log_sum_exp.ts";
export { matMul, type MatMulOptions } from "./core/engine/ops/mat_mul.ts";
export { maxPool, type MaxPoolOptions } from "./core/engine/ops/max_pool.ts";
export { maximum } from "./core/engine/ops/maximum.ts";
export { minimum } from "./core/engine/ops/minimum.ts";
export { mul } from "./core/engine/ops/mul.ts";
export { neg } from "./core/engine/ops/neg.ts";
export { not } from "./core/engine/ops/not.ts";
export { oneHot, type OneHotOptions } from "./core/engine/ops/one_hot.ts";
export { or } from "./core/engine/ops/or.ts";
export { pad, type PadOptions } from "./core/engine/ops/pad.ts";
export { pow } from "./core/engine/ops/pow.ts";
export { quickGelu } from "./core/engine/ops/quick_gelu.ts";
export { reciprocal } from "./core/engine/ops/reciprocal.ts";
export { reduceL2 } from "./core/engine/ops/reduce_l2.ts";
export { reduceMax } from "./core/engine/ops/reduce_max.ts";
export { reduceMean } from "./core/engine/ops/reduce_mean.ts";
export { reduceMin } from "./core/engine/ops/reduce_min.ts";
export { reduceSum } from "./core/engine/ops/reduce_sum.ts";
export { relu } from "./core/engine/ops/relu.ts";
export { reshape } from "./core/engine/ops/reshape.ts";
export { resize, type ResizeOptions } from "./core/engine/ops/resize.ts";
export { round } from "./core/engine/ops/round.ts";
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from "./core/engine/ops/scaled_dot_product_attention.ts";
export {
  scatterElements,
  type ScatterElementsOptions,
} from "./core/engine/ops/scatter_elements.ts";
export { scatterRows } from "./core/engine/ops/scatter_rows.ts";
export { sigmoid } from "./core/engine/ops/sigmoid.ts";
export { sign } from "./core/engine/ops/sign.ts";
export { silu } from "./core/engine/ops/silu.ts";
export { sin } from "./core/engine/ops/sin.ts";
export { slice, type SliceOptions } from "./core/engine/ops/slice.ts";
export { softmax, type SoftmaxOptions } from "./core/engine/ops/softmax.ts";
export { softplus } from "./core/engine/ops/softplus.ts";
export { split, type SplitOptions } from "./core/engine/ops/split.ts";
export { sqrt } from "./core/engine/ops/sqrt.ts";
export { squeeze } from "./core/engine/ops/squeeze.ts";
export { stopGradient } from "./core/engine/ops/stop_gradient.ts";
export { sub } from "./core/engine/ops/sub.ts";
export { sumTo } from "./core/engine/ops/sum_to.ts";
export { tanh } from "./core/engine/ops/tanh.ts";
export { topK, type TopKOptions } from "./core/engine/ops/top_k.ts";
export { transpose } from "./core/engine/ops/transpose.ts";
export { unsqueeze } from "./core/engine/ops/unsqueeze.ts";
export { where } from "./core/engine/ops/where.ts";
export { checkGradients } from "./core/engine/autodiff/check_gradients.ts";
export { gradients, type GradientsOptions } from "./core/engine/autodiff/gradients.ts";
export { encodeModel, type ExternalTensor, type ModelDescription } from "./core/engine/onnx/mod.ts";
export {
  availableProviders,
  Binding,
  CPU,
  type Device,
  DeviceTensor,
  formatDevice,
  OrtError,
  ortVersion,
  parseDevice,
  resolveDevice,
  Session,
  type SessionOptions,
} from "./core/engine/ort/mod.ts";
export {
  adamW,
  buildUpdate,
  groupParameters,
  lars,
  type Optimizer,
  type ParameterRule,
  schedule,
  type ScheduleDescription,
  sgd,
  type UpdateGraph,
} from "./core/engine/optim/mod.ts";
export * as nn from "./core/engine/nn/mod.ts";
export { type Backbone, backbone, backboneNames, type BackboneSpec } from "./core/backbones/mod.ts";
export {
  type Loss,
  type LossOptions,
  negativeCosineSimilarity,
  weightedMean,
} from "./core/losses/mod.ts";
export { checkMethod, type LoadedMethod, loadMethod } from "./core/method/load.ts";
export { type Configuration, configurationSchema } from "./core/method/configuration.ts";
export { type Manifest, parseManifest } from "./core/method/manifest.ts";
export type {
  Buffer,
  Encoder,
  Method,
  MethodContext,
  MethodOutputs,
  Network,
  Role,
} from "./core/method/method.ts";
export { presetOf, resolveConfiguration } from "./core/method/resolve_configuration.ts";
export {
  buildMethodGraph,
  type MethodGraph,
  type MethodGraphOptions,
} from "./core/train/step/method_graph.ts";
export {
  initialWeights,
  type StepResult,
  TrainingStep,
  type TrainingStepOptions,
} from "./core/train/step/training_step.ts";
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from "./core/weights/safetensors.ts";
export { default as simsiam } from "./plugins/simsiam/mod.ts";
