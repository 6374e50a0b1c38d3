/**
 * Graphs as models in the ONNX format: the only place that touches protocol buffers.
 *
 * @module
 */
export { checkModel, type ModelTypes } from "./check_model.ts";
export { encodeCopyModel } from "./copy_model.ts";
export { encodeModel, type ModelDescription } from "./encode_model.ts";
export { type ModelTrace, type TracedNode, type TracedTensor, traceModel } from "./model_trace.ts";
export { encodePortableModel, type PortableModelOptions } from "./encode_portable_model.ts";
export { IR_VERSION, MICROSOFT_DOMAIN, ONNX_OPSET } from "./opset.ts";
export type { ExternalTensor } from "./tensors.ts";
