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
export * from "./core/engine/ops/mod.ts";
export { checkGradients, gradients, type GradientsOptions } from "./core/engine/autodiff/mod.ts";
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
  type Placement,
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
export {
  BoundStep,
  type BoundStepOptions,
  buildStep,
  type BuiltStep,
  type StepOptions,
  type StepOutcome,
} from "./core/engine/step/mod.ts";
export * as nn from "./core/engine/nn/mod.ts";
export { type Backbone, backbone, backboneNames, type BackboneSpec } from "./core/backbones/mod.ts";
export {
  crossEntropy,
  type Loss,
  type LossOptions,
  negativeCosineSimilarity,
  weightedMean,
} from "./core/losses/mod.ts";
export {
  checkMethod,
  type LoadedMethod,
  loadMethod,
  loadMethodByName,
  type LoadMethodOptions,
  type MethodAtAddress,
  type TrainableMethod,
} from "./core/method/load.ts";
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
export { type ConfigurationFile, readConfiguration } from "./core/method/read_configuration.ts";
export { presetOf, resolveConfiguration } from "./core/method/resolve_configuration.ts";
export {
  buildMethodGraph,
  type MethodGraph,
  type MethodGraphOptions,
} from "./core/train/step/method_graph.ts";
export { initialWeights } from "./core/train/step/method_step.ts";
export { TrainingStep, type TrainingStepOptions } from "./core/train/step/training_step.ts";
export type { StepResult } from "./core/train/step/step_inputs.ts";
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from "./core/weights/safetensors.ts";
export { bundledMethods } from "./plugins/mod.ts";
export { default as simsiam } from "./plugins/simsiam/mod.ts";
