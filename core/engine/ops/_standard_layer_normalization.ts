/**
 * ONNX's operator of layer normalisation, which CUDA has one kernel for.
 *
 * @module
 */
import { type Apply, defineOp } from "../graph/op.ts";

/** How {@linkcode standardLayerNormalization} is applied. */
export interface LayerNormalizationAttributes {
  /** First axis that is normalised. */
  readonly axis: number;
  /** What is added to the variance. */
  readonly epsilon: number;
}

/** ONNX's own operator, whose mean and inverse deviation are float32 whatever x is. It has no gradient. */
export const standardLayerNormalization: Apply<
  "x" | "scale",
  "bias",
  "y" | "mean" | "inverseDeviation",
  LayerNormalizationAttributes
> = defineOp({
  type: "LayerNormalization",
  inputs: ["x", "scale"],
  optional: ["bias"],
  outputs: ["y", "mean", "inverseDeviation"],
  infer: ({ x }, { axis }: LayerNormalizationAttributes) => {
    const shape = x.shape.map((length, i) => i < axis ? length : 1);
    const statistics = { dtype: "float32" as const, shape };
    return { y: x, mean: statistics, inverseDeviation: statistics };
  },
  onnx: ({ axis, epsilon }) => ({
    attributes: { axis: { int: axis }, epsilon: { float: epsilon } },
  }),
  // What is made of it has a gradient of its own.
  gradient: "none",
});
