/** Version of the ONNX format that models are written in. */
export const IR_VERSION = 10n;

/**
 * Version of ONNX's operators: the newest that every provider of ONNX Runtime 1.30 runs. 22 brings a MaxPool for which CUDA
 * registers no kernel: its newest is of version 12 and has no end, which stands for that version alone
 * (`kernels/cuda.json`), and every network with a max pool would go through the CPU there.
 */
export const ONNX_OPSET = 21n;

/** Domain of ONNX Runtime's own operators, such as FusedMatMul. */
export const MICROSOFT_DOMAIN = "com.microsoft";
