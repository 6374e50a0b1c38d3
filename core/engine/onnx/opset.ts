/** Version of the ONNX format that models are written in. */
export const IR_VERSION = 10n;

/** Version of ONNX's operators: the first that has all those in use (GroupNormalization by groups came with 21). */
export const ONNX_OPSET = 21n;

/** Domain of ONNX Runtime's own operators, such as FusedMatMul. */
export const MICROSOFT_DOMAIN = "com.microsoft";
