import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp, type OnnxForm } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import type { TensorType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import {
  checkIntegers,
  checkWindows,
  perAxis,
  spatialShape,
  type WindowOptions,
  windowsOf,
  windowSpan,
} from "./_windows.ts";
import { sumPerChannel } from "./_channels.ts";
import { add } from "./add.ts";
import { checkConvTypes, conv, onnxConv } from "./conv.ts";
import { convWeightGradient } from "./convolution/gradients.ts";
import type { ConvAttributes } from "./convolution/problem.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";

/** Options of {@linkcode convTranspose}. */
export interface ConvTransposeOptions extends WindowOptions {
  /** One number per output channel, `[C]`. */
  readonly bias?: Value;
  /** Groups that channels are split into (default 1). */
  readonly group?: number;
  /** Elements added at the end of each spatial axis of the output, fewer than the stride (default 0). */
  readonly outputPadding?: number | readonly number[];
}

interface ConvTransposeAttributes extends ConvAttributes {
  readonly outputPadding: readonly number[];
}

function convTransposeShape(x: Shape, w: Shape, attributes: ConvTransposeAttributes): number[] {
  const { group, strides, pads, outputPadding } = attributes;
  const spatial = spatialShape("x", x);
  if (w.length !== x.length) {
    throw new GenviewRangeError(`w must have ${x.length} axes as x has, found [${w.join(",")}]`);
  }
  checkWindows(attributes, spatial.length);
  checkIntegers("outputPadding", outputPadding, spatial.length, 0);
  outputPadding.forEach((padding, axis) => {
    if (padding >= strides[axis]!) {
      throw new GenviewRangeError(
        `outputPadding must be less than the stride ${strides[axis]}, found ${padding}`,
      );
    }
  });
  if (x[1] !== w[0]) {
    throw new GenviewRangeError(`x must have ${w[0]} channels as w takes, found ${x[1]}`);
  }
  if (!Number.isInteger(group) || group < 1 || w[0]! % group !== 0) {
    throw new GenviewRangeError(`group must divide the ${w[0]} input channels, found ${group}`);
  }
  const rank = spatial.length;
  const lengths = spatial.map((length, axis) => {
    const result = (length - 1) * strides[axis]! + windowSpan(attributes, w.slice(2), axis) +
      outputPadding[axis]! - pads[axis]! - pads[rank + axis]!;
    if (result < 1) {
      throw new GenviewRangeError(`pads must leave at least one element, found ${result}`);
    }
    return result;
  });
  return [x[0]!, w[1]! * group, ...lengths];
}

function onnxConvTranspose(
  attributes: ConvTransposeAttributes,
  types: Readonly<Record<string, TensorType>>,
): OnnxForm {
  const form = onnxConv(attributes, types);
  const output_padding = { ints: attributes.outputPadding };
  return { attributes: { ...form.attributes, output_padding } };
}

const ConvTranspose = defineOp({
  type: "ConvTranspose",
  inputs: ["x", "w"],
  optional: ["b"],
  outputs: ["y"],
  precision: "half",
  infer: (types, attributes: ConvTransposeAttributes) => {
    const shape = convTransposeShape(types.x.shape, types.w.shape, attributes);
    checkConvTypes(types, shape[1]!);
    return { y: { dtype: types.x.dtype, shape } };
  },
  onnx: onnxConvTranspose,
  // The adjoint of the convolution that maps y to x: its gradients are that convolution, and the same weight
  // gradient with the roles of x and dy exchanged.
  gradient: ({ x, w, b, dy }, attributes) => ({
    x: conv(dy, w, attributes),
    w: convWeightGradient(
      { x: dy, dy: x },
      { dtype: x.dtype, x: dy.shape, w: w.shape, y: x.shape, attributes },
    ),
    ...(b && { b: sumPerChannel(dy) }),
  }),
});

/** Whether groups of several inputs have one output each, which WebGPU's kernel takes for groups of one input. */
function hasSingleOutputs(w: Value, { group }: ConvTransposeAttributes): boolean {
  return group > 1 && w.shape[1] === 1 && w.shape[0]! > group;
}

/** The same with a second output of each group, which is zero, and is left out afterwards. */
function withSecondOutputs(
  x: Value,
  w: Value,
  attributes: ConvTransposeAttributes,
  bias: Value | undefined,
): Value {
  const after = w.shape.map((_, axis) => axis === 1 ? 1 : 0);
  const wider = pad(w, [...w.shape.map(() => 0), ...after]);
  const { y } = ConvTranspose({ x, w: wider }, attributes);
  const [batch, , ...lengths] = y.shape as [number, number, ...number[]];
  const pairs = reshape(y, [batch, attributes.group, 2, ...lengths]);
  const first = slice(pairs, { starts: [0], ends: [1], axes: [2] });
  const outputs = reshape(first, [batch, attributes.group, ...lengths]);
  return bias ? add(outputs, reshape(bias, [-1, ...lengths.map(() => 1)])) : outputs;
}

/**
 * Transposed convolution over one or two spatial axes: the adjoint of {@linkcode conv} with the same weight and options.
 *
 * @param x `[N, K, L]` or `[N, K, H, W]`
 * @param w `[K, C / group, l]` or `[K, C / group, h, w]`
 * @returns `[N, C, ...]` of lengths `(L - 1) * stride + (l - 1) * dilation + 1 + outputPadding - pads`
 * @throws {RangeError} if shapes or options do not fit
 * @throws {TypeError} if element types differ or are no floats
 */
export function convTranspose(x: Value, w: Value, options: ConvTransposeOptions = {}): Value {
  const rank = x.rank - 2;
  const attributes = {
    ...windowsOf(options, rank),
    group: options.group ?? 1,
    outputPadding: perAxis(options.outputPadding ?? 0, rank),
  };
  return currentTarget().provider === "webgpu" && hasSingleOutputs(w, attributes)
    ? withSecondOutputs(x, w, attributes, options.bias)
    : ConvTranspose({ x, w, b: options.bias }, attributes).y;
}
