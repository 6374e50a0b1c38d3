import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { applying, defineComposite, defineOp, type OnnxForm } from "../graph/op.ts";
import { elementCount, sameShape, type Shape } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import { filled, type TensorType } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { sumPerChannel } from "./_channels.ts";
import { checkFloat } from "./_floats.ts";
import { type ReachedTaps, reachedTaps } from "./_reached_taps.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
import {
  checkWindows,
  spatialShape,
  windowCounts,
  type WindowOptions,
  windowsOf,
} from "./_windows.ts";
import { convForward, convInputGradient, convWeightGradient } from "./convolution/gradients.ts";
import { type ConvAttributes, spatial } from "./convolution/problem.ts";
import { noteConvolution } from "./convolution/tuning.ts";
import { matMul } from "./mat_mul.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";

/** Options of {@linkcode conv}. */
export interface ConvOptions extends WindowOptions {
  /** One number per output channel, `[K]`. */
  readonly bias?: Value;
  /** Groups that channels are split into, each convolved on its own (default 1). */
  readonly group?: number;
}

/** Shape of the output of a convolution; throws a RangeError with the reason alone. */
export function convShape(x: Shape, w: Shape, attributes: ConvAttributes): number[] {
  const { group } = attributes;
  const spatial = spatialShape("x", x);
  if (w.length !== x.length) {
    throw new GenviewRangeError(`w must have ${x.length} axes as x has, found [${w.join(",")}]`);
  }
  checkWindows(attributes, spatial.length);
  if (!Number.isInteger(group) || group < 1 || w[0]! % group !== 0) {
    throw new GenviewRangeError(`group must divide the ${w[0]} output channels, found ${group}`);
  }
  if (x[1] !== w[1]! * group) {
    throw new GenviewRangeError(
      `x must have ${w[1]! * group} channels (w takes ${w[1]} in each of ${group} groups), ` +
        `found ${x[1]}`,
    );
  }
  return [x[0]!, w[0]!, ...windowCounts(spatial, w.slice(2), attributes)];
}

/** Checks that all inputs have one element type, a float, and that the bias has one number per channel. */
export function checkConvTypes(
  { x, w, b }: { readonly x: TensorType; readonly w: TensorType; readonly b?: TensorType },
  channels: number,
): void {
  if (x.dtype !== w.dtype || (b !== undefined && b.dtype !== x.dtype)) {
    const found = [x, w, b].flatMap((type) => type === undefined ? [] : [type.dtype]);
    throw new GenviewTypeError(`element types must match, found ${found.join(", ")}`);
  }
  checkFloat("x", x);
  if (b !== undefined && (b.shape.length !== 1 || b.shape[0] !== channels)) {
    throw new GenviewRangeError(`b must be [${channels}], found [${b.shape.join(",")}]`);
  }
}

/** The ONNX attributes of a convolution, of either direction. */
export function onnxConv(
  attributes: ConvAttributes,
  { w }: Readonly<Record<string, TensorType>>,
): OnnxForm {
  return {
    attributes: {
      kernel_shape: { ints: w!.shape.slice(2) },
      strides: { ints: attributes.strides },
      pads: { ints: attributes.pads },
      dilations: { ints: attributes.dilations },
      group: { int: attributes.group },
    },
  };
}

function convGradient(
  { x, w, b, dy }: {
    readonly x: Value;
    readonly w: Value;
    readonly b?: Value | undefined;
    readonly dy: Value;
  },
  attributes: ConvAttributes,
): { x: Value; w: Value; b?: Value } {
  const problem = { dtype: x.dtype, x: x.shape, w: w.shape, y: dy.shape, attributes };
  return {
    x: convInputGradient({ dy, w }, problem),
    w: convWeightGradient({ x, dy }, problem),
    ...(b && { b: sumPerChannel(dy) }),
  };
}

const DirectConv = defineOp({
  type: "Conv",
  inputs: ["x", "w"],
  optional: ["b"],
  outputs: ["y"],
  precision: "half",
  infer: (types, attributes: ConvAttributes) => {
    checkConvTypes(types, types.w.shape[0]!);
    const shape = convShape(types.x.shape, types.w.shape, attributes);
    return { y: { dtype: types.x.dtype, shape } };
  },
  onnx: onnxConv,
  gradient: convGradient,
});

const Conv = defineComposite({
  type: "Conv",
  inputs: ["x", "w"],
  optional: ["b"],
  outputs: ["y"],
  precision: "half",
  expand: ({ x, w, b }, attributes: ConvAttributes) => {
    checkConvTypes({ x: x.type, w: w.type, ...(b && { b: b.type }) }, w.shape[0]!);
    const y = convShape(x.shape, w.shape, attributes);
    const problem = { dtype: x.dtype, x: x.shape, w: w.shape, y, attributes };
    noteConvolution(problem);
    return { y: convForward({ x, w, b }, problem) };
  },
  gradient: convGradient,
});

/**
 * Whether WebGPU's kernel takes the convolution for a matrix product and forgets the padding: padded at the ends alone,
 * with a kernel of the image's size or of 1.
 */
function losesEndPads(x: Value, w: Value, { pads }: ConvAttributes): boolean {
  const kernel = spatial(w.shape);
  const begin = pads.slice(0, kernel.length);
  return begin.every((n) => n === 0) && pads.some((n) => n > 0) &&
    (kernel.every((n) => n === 1) || sameShape(kernel, spatial(x.shape)));
}

/** Conv, with what WebGPU's kernel computes wrongly written in other nodes. */
function webGpuConv(x: Value, w: Value, attributes: ConvAttributes, b?: Value): Value {
  const { pads } = attributes;
  if (losesEndPads(x, w, attributes)) {
    const rank = pads.length / 2;
    const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]];
    // Channels and images are one axis while it is padded, or ONNX Runtime would make the padding the convolution's.
    const planes = reshape(x, [batch * channels, ...lengths]);
    const padded = pad(planes, [0, ...pads.slice(0, rank), 0, ...pads.slice(rank)]);
    const image = reshape(padded, [batch, channels, ...padded.shape.slice(1)]);
    return webGpuConv(image, w, { ...attributes, pads: pads.map(() => 0) }, b);
  }
  // Up to ONNX Runtime 1.29.0 a pointwise convolution adds the bias at wrong places where the image has an odd size.
  const apart = b !== undefined && spatial(w.shape).every((n) => n === 1);
  if (!apart) return DirectConv({ x, w, b }, attributes).y;
  const { y } = DirectConv({ x, w }, attributes);
  return add(y, reshape(b, [-1, ...spatial(y.shape).map(() => 1)]));
}

/** A convolution written as ONNX's Conv, whatever the tuning says. */
export function directConv(x: Value, w: Value, attributes: ConvAttributes, b?: Value): Value {
  if (currentTarget().provider === "webgpu" && x.rank === w.rank) {
    return webGpuConv(x, w, attributes, b);
  }
  return DirectConv({ x, w, b }, attributes).y;
}

/**
 * A stretch of a kernel's taps, as a product with ones and zeros: the gradient of a slice is a padding, for which ONNX
 * Runtime takes many times longer where the innermost axis is short.
 */
function selectTaps(w: Value, taps: readonly ReachedTaps[]): Value {
  const kernel = spatial(w.shape);
  const kept = taps.map(({ start, end }) => end - start);
  const selection = filled("float32", [elementCount(kernel), elementCount(kept)], 0);
  for (let to = 0; to < elementCount(kept); to++) {
    let [from, rest, stride] = [0, to, 1];
    for (let axis = kernel.length - 1; axis >= 0; axis--) {
      from += (taps[axis]!.start + rest % kept[axis]!) * stride;
      rest = Math.floor(rest / kept[axis]!);
      stride *= kernel[axis]!;
    }
    selection.data[from * elementCount(kept) + to] = 1;
  }
  const [outputs, inputs] = w.shape as [number, number];
  const flat = reshape(w, [outputs * inputs, elementCount(kernel)]);
  return reshape(matMul(flat, cast(constant(selection), w.dtype)), [outputs, inputs, ...kept]);
}

/**
 * Convolution over one or two spatial axes (cross-correlation, as in every framework).
 *
 * @param x `[N, C, L]` or `[N, C, H, W]`
 * @param w `[K, C / group, l]` or `[K, C / group, h, w]`
 * @returns `[N, K, ...]`, one element for every window that fits into the padded input
 * @throws {RangeError} if shapes or options do not fit
 * @throws {TypeError} if element types differ or are no floats
 */
export function conv(x: Value, w: Value, options: ConvOptions = {}): Value {
  const { bias: b, group = 1 } = options;
  const attributes = { ...windowsOf(options, x.rank - 2), group };
  const taps = applying("Conv", { x, w, ...(b && { b }) }, () => {
    const y = convShape(x.shape, w.shape, attributes);
    return reachedTaps(spatial(x.shape), spatial(w.shape), spatial(y), attributes);
  });
  if (taps.every(({ start, end }, axis) => end - start === w.shape[axis + 2])) {
    return Conv({ x, w, b }, attributes).y;
  }
  const pads = [0, 1].flatMap((side) => taps.map(({ pad }) => pad[side]!));
  const reached = selectTaps(w, taps);
  return Conv({ x, w: reached, b }, { ...attributes, pads }).y;
}
