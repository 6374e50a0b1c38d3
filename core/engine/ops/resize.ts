import { GenviewRangeError } from "../../errors/mod.ts";
import { applying, defineComposite, defineOp } from "../graph/op.ts";
import { int64 } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { checkFloat } from "./_floats.ts";
import { type Interpolation, interpolationMatrix, nearestPixels } from "./_interpolation.ts";
import { gather } from "./gather.ts";
import { matMul } from "./mat_mul.ts";

/** Options of {@linkcode resize}. */
export interface ResizeOptions {
  /** Height and width of the result. */
  readonly size: readonly [number, number];
  /** How pixels are made from their neighbours (default `linear`). */
  readonly mode?: Interpolation;
  /** Whether the kernel widens when the image shrinks, so that every pixel counts (default false). */
  readonly antialias?: boolean;
}

interface ResizeAttributes {
  readonly size: readonly [number, number];
}

interface Axes {
  readonly mode: Interpolation;
  readonly antialias: boolean;
  /** Whether the pixels are taken back, as the gradient does. */
  readonly transposed: boolean;
}

/** Both axes resized, by a product with a matrix each. */
function byMatrices(x: Value, size: readonly [number, number], axes: Axes): Value {
  const { mode, antialias, transposed } = axes;
  const [height, width] = x.shape.slice(-2) as [number, number];
  const weights = (here: number, there: number): Value => {
    const [from, to] = transposed ? [there, here] : [here, there];
    return constant(interpolationMatrix(x.dtype, { from, to, mode, antialias }));
  };
  const wide = width === size[1]
    ? x
    : matMul(x, weights(width, size[1]), { transposeB: !transposed });
  return height === size[0]
    ? wide
    : matMul(weights(height, size[0]), wide, { transposeA: transposed });
}

/** ONNX's operator, where it copies the pixels that PyTorch does. */
const NearestResize = defineOp({
  type: "Resize",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, { size }: ResizeAttributes) => ({
    y: { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...size] },
  }),
  onnx: ({ size }, types) => ({
    attributes: {
      mode: { string: "nearest" },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    },
    // Neither a region nor scales, but sizes.
    constants: [undefined, undefined, int64([4], [...types.x!.shape.slice(0, 2), ...size])],
  }),
  gradient: "none",
});

/** Whether every pixel of an axis becomes as many, where ONNX Runtime's rounding and PyTorch's agree. */
function isRepeated(pixels: readonly number[], from: number): boolean {
  const copies = pixels.length / from;
  return Number.isInteger(copies) && pixels.every((pixel, i) => pixel === Math.floor(i / copies));
}

/** Both axes resized by copies of pixels. */
function byCopies(x: Value, size: readonly [number, number]): Value {
  const pixels = size.map((to, axis) => nearestPixels({ from: x.shape[axis + 2]!, to }));
  const repeated = pixels.every((list, axis) => isRepeated(list, x.shape[axis + 2]!));
  if (repeated && (x.dtype === "float32" || x.dtype === "float16")) {
    return NearestResize({ x }, { size }).y;
  }
  return [0, 1].reduce((image, axis) => {
    if (image.shape[axis + 2] === size[axis]) return image;
    const indices = constant(int64([size[axis]!], pixels[axis]!));
    return gather(image, indices, { axis: axis + 2 });
  }, x);
}

const Nearest = defineComposite({
  type: "Resize",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  expand: ({ x }, { size }: ResizeAttributes) => ({ y: byCopies(x, size) }),
  // Every pixel gets the sum of the gradients of its copies, by products: they take less than a fifth of the time
  // that the sums of a gather do.
  gradient: ({ x, dy }) => {
    const [height, width] = x.shape.slice(2) as [number, number];
    const axes: Axes = { mode: "nearest", antialias: false, transposed: true };
    return { x: byMatrices(dy, [height, width], axes) };
  },
});

/**
 * Images at another size, as `torch.nn.functional.interpolate` with `align_corners=False`.
 *
 * Linear and cubic resizes are products with matrices of weights, which ONNX Runtime computes faster than its own
 * Resize up to a few hundred pixels (a cubic one a hundred times), and for which gradients follow by themselves.
 *
 * @param x `[N, C, H, W]`, floats; of any type for `nearest`
 * @throws {RangeError} if x has not four axes or a length is not a positive integer
 * @throws {TypeError} if it is no float, but for `nearest`
 */
export function resize(x: Value, options: ResizeOptions): Value {
  const { size, mode = "linear", antialias = false } = options;
  applying("Resize", { x }, () => {
    if (x.rank !== 4) throw new GenviewRangeError("x must have 4 axes");
    if (mode !== "nearest") checkFloat("x", x.type);
    if (size.every((length) => Number.isInteger(length) && length >= 1)) return;
    throw new GenviewRangeError(`size must be positive integers, found [${size.join(",")}]`);
  });
  if (x.shape[2] === size[0] && x.shape[3] === size[1]) return x;
  return mode === "nearest"
    ? Nearest({ x }, { size }).y
    : byMatrices(x, size, { mode, antialias, transposed: false });
}
