import { GenviewTypeError } from "../../errors/mod.ts";
import { isFloat } from "../graph/dtype.ts";
import { defineOp, type OnnxForm } from "../graph/op.ts";
import { elementCount, type Shape } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";
import { scalar, type Value } from "../graph/value.ts";
import {
  checkPoolWindows,
  padsForCounts,
  perAxis,
  spatialShape,
  windowCounts,
  type WindowOptions,
  type Windows,
  windowsOf,
} from "./_windows.ts";
import { maxPoolGradientByTaps } from "./_max_pool_gradient.ts";
import { expand } from "./expand.ts";
import { reshape } from "./reshape.ts";
import { scatterElements } from "./scatter_elements.ts";

/** Options of {@linkcode maxPool}. Padding never wins against an element. */
export interface MaxPoolOptions extends WindowOptions {
  /** Lengths of the window; a number holds for every spatial axis. */
  readonly kernel: number | readonly number[];
  /** Whether a last window may reach over the end of the padded input (default false). */
  readonly ceil?: boolean;
}

interface MaxPoolAttributes extends Windows {
  readonly kernel: Shape;
  readonly ceil: boolean;
}

function inferMaxPool(
  { x }: { readonly x: TensorType },
  attributes: MaxPoolAttributes,
): TensorType {
  const { kernel } = attributes;
  if (!isFloat(x.dtype) && x.dtype !== "int8" && x.dtype !== "uint8") {
    throw new GenviewTypeError(`x must be a float, int8 or uint8, found ${formatType(x)}`);
  }
  const spatial = spatialShape("x", x.shape);
  checkPoolWindows(attributes, kernel, spatial.length);
  const counts = windowCounts(spatial, kernel, attributes, attributes);
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...counts] };
}

/**
 * The padding that stands for `ceil`, and whether ONNX Runtime takes it: only less than the kernel, which a window that
 * is spread by its dilation may exceed.
 */
function paddingOf(spatial: Shape, attributes: MaxPoolAttributes) {
  const { kernel } = attributes;
  const counts = windowCounts(spatial, kernel, attributes, attributes);
  const pads = padsForCounts(spatial, kernel, attributes, counts);
  return { pads, fits: pads.every((padding, i) => padding < kernel[i % spatial.length]!) };
}

function onnxMaxPool(
  attributes: MaxPoolAttributes,
  { x }: Readonly<Record<string, TensorType>>,
): OnnxForm {
  const { pads, fits } = paddingOf(x!.shape.slice(2), attributes);
  return {
    attributes: {
      kernel_shape: { ints: attributes.kernel },
      strides: { ints: attributes.strides },
      pads: { ints: fits ? pads : attributes.pads },
      dilations: { ints: attributes.dilations },
      ceil_mode: { int: fits ? 0 : 1 },
    },
  };
}

/** The windows of a pool along one of two axes. */
function alongAxis(attributes: MaxPoolAttributes, axis: 0 | 1): MaxPoolAttributes {
  const { kernel, strides, pads, dilations, ceil } = attributes;
  const only = (values: readonly number[], otherwise: number) =>
    values.map((value, i) => i % 2 === axis ? value : otherwise);
  return {
    kernel: only(kernel, 1),
    strides: only(strides, 1),
    pads: only(pads, 0),
    dilations: only(dilations, 1),
    ceil,
  };
}

/** The same operator with its second output: where in the flat input each maximum is, the first of several. */
const MaxPoolIndices = defineOp({
  type: "MaxPool",
  inputs: ["x"],
  outputs: ["y", "indices"],
  infer: (types, attributes: MaxPoolAttributes) => {
    const y = inferMaxPool(types, attributes);
    return { y, indices: { dtype: "int64", shape: y.shape } };
  },
  onnx: onnxMaxPool,
  gradient: "none",
});

const MaxPool = defineOp({
  type: "MaxPool",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: (types, attributes: MaxPoolAttributes) => ({ y: inferMaxPool(types, attributes) }),
  onnx: onnxMaxPool,
  // The whole gradient goes to the first maximum of each window, as in PyTorch. The places are found when they are
  // needed: ONNX Runtime's pool without them is several times as fast, and they take twice the memory of y.
  gradient: ({ x, y, dy }, attributes) => {
    if (currentTarget().provider === "webgpu") {
      return { x: maxPoolGradientByTaps({ x, y, dy }, attributes) };
    }
    const { indices } = MaxPoolIndices({ x }, attributes);
    const nothing = expand(scalar(0, x.dtype), [elementCount(x.shape)]);
    const places = reshape(indices, [-1]);
    const options = { axis: 0, reduction: "add" } as const;
    return { x: reshape(scatterElements(nothing, places, reshape(dy, [-1]), options), x.shape) };
  },
});

/**
 * Largest element of each window over one or two spatial axes, as `torch.nn.functional.max_pool2d`.
 *
 * @param x `[N, C, L]` or `[N, C, H, W]`
 * @returns `[N, C, ...]`, one element for each window
 * @throws {RangeError} if shapes or options do not fit
 * @throws {TypeError} if x is neither a float nor an integer of 8 bits
 */
export function maxPool(x: Value, options: MaxPoolOptions): Value {
  const rank = x.rank - 2;
  const kernel = perAxis(options.kernel, rank);
  const windows = windowsOf({ strides: options.kernel, ...options }, rank);
  const attributes = { ...windows, kernel, ceil: options.ceil ?? false };
  const { y } = MaxPool({ x }, attributes);
  if (rank === 1 || paddingOf(x.shape.slice(2), attributes).fits) return y;
  // Axis by axis, because ONNX's `ceil_mode` would hold for both. Rows come last, so that the first of several equal
  // elements stays the one that is found.
  const columns = MaxPool({ x }, alongAxis(attributes, 1)).y;
  return MaxPool({ x: columns }, alongAxis(attributes, 0)).y;
}
