/**
 * Symbolic graphs: element types, shapes, values and operators. This layer knows nothing of files or runtimes.
 *
 * @module
 */
export {
  allocate,
  byteSize,
  type DataByDType,
  type DataOf,
  type DType,
  DTYPES,
  isFloat,
  viewBytes,
} from "./dtype.ts";
export { areFinite, finiteRows } from "./finite.ts";
export { decodeNumbers, encodeNumbers } from "./numbers.ts";
export {
  broadcastShapes,
  elementCount,
  normalizeAxis,
  rowMajorStrides,
  sameShape,
  type Shape,
} from "./shape.ts";
export {
  bytesOf,
  filled,
  float32,
  formatType,
  int64,
  sameType,
  type Tensor,
  tensor,
  type TensorType,
  zeros,
} from "./tensor.ts";
export { constant, input, scalar, type Source, Value } from "./value.ts";
export { type NamedValues, type Node, nodesLeadingTo, producer, resolve } from "./node.ts";
export { layerPath, withinLayer } from "./layer_path.ts";
export {
  type Apply,
  applying,
  asBuilt,
  type CompositeSpec,
  defineComposite,
  defineOp,
  type GradientRule,
  type GradientValues,
  type OnnxAttribute,
  type OnnxForm,
  type Op,
  type OpPrecision,
  type OpSpec,
  reapply,
} from "./op.ts";
export {
  currentRanks,
  currentTarget,
  type GraphTarget,
  isForThisCpu,
  type Provider,
  withTarget,
} from "./target.ts";
export { printGraph } from "./print_graph.ts";
