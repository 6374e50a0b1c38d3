/**
 * Convolutions by kernels of 3 x 3 in fewer products than their definition asks for, after Winograd: an axis takes 4
 * products for 2 outputs instead of 6 (F(2, 3) of Lavin & Gray 2015, {@link https://arxiv.org/abs/1509.09308}), or 7 for 4
 * outputs instead of 12.
 *
 * Tiles of the map and the kernel are transformed by small matrices; the products between them are matrix products over
 * the channels, one for each element of a transformed tile. Both gradients are the transposes of the same steps. A map is
 * transformed as a whole, by one product with a matrix that has all of its pixels as columns: for maps of few pixels.
 *
 * @module
 */
import type { Shape } from "../../graph/shape.ts";
import { float32 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { transpose } from "../transpose.ts";
import { blocked, unblocked } from "./blocked_layout.ts";
import { type ConvProblem, spatial } from "./problem.ts";

type Matrix = readonly (readonly number[])[];

/** How an axis is computed: `output = toOutput ((ofKernel kernel) * (ofInput input))`. */
interface Algorithm {
  /** A row for each product, of the inputs that a tile reads. */
  readonly ofInput: Matrix;
  /** A row for each product, of the three elements of the kernel. */
  readonly ofKernel: Matrix;
  /** A row for each output of a tile, of the products. */
  readonly toOutput: Matrix;
}

/** Two outputs of polynomials at 0, 1, -1 and infinity. */
const TWO_OUTPUTS: Algorithm = {
  ofInput: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
  ofKernel: [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
  toOutput: [[1, 1, 1, 0], [0, 1, -1, -1]],
};

/**
 * Four outputs of polynomials at 0, 1, -1 and infinity and modulo s^2 + 1, a complex product that takes three. With real
 * points alone, six products would do, by factors up to 8, at several times the rounding.
 */
const FOUR_OUTPUTS: Algorithm = {
  ofInput: [
    [1, 0, 0, 0, -1, 0],
    [0, 1, 1, 1, 1, 0],
    [0, -1, 1, -1, 1, 0],
    [0, -1, -1, 1, 1, 0],
    [0, -1, 1, 1, -1, 0],
    [0, 1, 0, -1, 0, 0],
    [0, -1, 0, 0, 0, 1],
  ],
  ofKernel: [
    [1, 0, 0],
    [0.25, 0.25, 0.25],
    [0.25, -0.25, 0.25],
    [0.5, 0, -0.5],
    [0, 0.5, 0],
    [0.5, 0.5, -0.5],
    [0, 0, 1],
  ],
  toOutput: [
    [1, 1, 1, 1, 0, 1, 0],
    [0, 1, -1, 0, 1, 1, 0],
    [0, 1, 1, -1, 0, -1, 0],
    [0, 1, -1, 0, -1, -1, 1],
  ],
};

/** Four outputs take fewer products, but three times the kernels: for maps of several tiles. */
function algorithmOf({ y }: ConvProblem): Algorithm {
  return spatial(y).every((length) => length <= 4) ? TWO_OUTPUTS : FOUR_OUTPUTS;
}

/** Whether the transforms suit a problem, for blocks of so many channels. */
export function suitsWinograd(problem: ConvProblem, block: number): boolean {
  const { dtype, x, w, attributes: { group, strides, dilations } } = problem;
  return block > 1 && dtype === "float32" && x.length === 4 && group === 1 &&
    [x[1]!, w[0]!].every((channels) => channels % block === 0) &&
    [...strides, ...dilations].every((n) => n === 1) && spatial(w).every((n) => n === 3);
}

/** Tiles of a map, and products for each pixel of the output, of which the definition has 9. */
export function winogradCounts(problem: ConvProblem): { products: number; tiles: number } {
  const { ofInput, toOutput } = algorithmOf(problem);
  const [height, width] = spatial(problem.y) as [number, number];
  const tiles = Math.ceil(height / toOutput.length) * Math.ceil(width / toOutput.length);
  return { products: tiles * ofInput.length ** 2 / (height * width), tiles };
}

/** Along an axis, for each product, its factors of `length` pixels in every tile. */
function ofTiles(
  problem: ConvProblem,
  axis: number,
  { products, length, factor }: {
    readonly products: number;
    readonly length: number;
    readonly factor: (product: number, pixel: number) => number | undefined;
  },
): Matrix[] {
  const step = algorithmOf(problem).toOutput.length;
  const tiles = Math.ceil(spatial(problem.y)[axis]! / step);
  return Array.from(
    { length: products },
    (_, product) =>
      Array.from(
        { length: tiles },
        (_, tile) =>
          Array.from({ length }, (_, pixel) => factor(product, pixel - tile * step) ?? 0),
      ),
  );
}

/**
 * The matrix of both axes from those of each: a row for each pair of products, and among those one for each pair of
 * tiles; a column for each pair of pixels.
 */
function ofBothAxes(down: readonly Matrix[], across: readonly Matrix[]): Value {
  const rows = down.flatMap((tilesDown) =>
    across.flatMap((tilesAcross) =>
      tilesDown.flatMap((a) => tilesAcross.map((b) => a.flatMap((x) => b.map((y) => x * y))))
    )
  );
  return constant(float32([rows.length, rows[0]!.length], rows.flat()));
}

/** `[products tiles, H W]` of the input. */
function inputTransform(problem: ConvProblem): Value {
  const { ofInput } = algorithmOf(problem);
  const [down, across] = spatial(problem.x).map((length, axis) =>
    ofTiles(problem, axis, {
      ...{ products: ofInput.length, length },
      factor: (product, pixel) => ofInput[product]![pixel + problem.attributes.pads[axis]!],
    })
  ) as [Matrix[], Matrix[]];
  return ofBothAxes(down, across);
}

/** `[products tiles, H W]` of the output, which it makes transposed. */
function outputTransform(problem: ConvProblem): Value {
  const { ofInput, toOutput } = algorithmOf(problem);
  const [down, across] = spatial(problem.y).map((length, axis) =>
    ofTiles(problem, axis, {
      ...{ products: ofInput.length, length },
      factor: (product, pixel) => toOutput[pixel]?.[product],
    })
  ) as [Matrix[], Matrix[]];
  return ofBothAxes(down, across);
}

/** `[products, 9]`. */
function kernelTransform(problem: ConvProblem): Value {
  const rows = algorithmOf(problem).ofKernel.map((row) => [row]);
  return ofBothAxes(rows, rows);
}

/**
 * Axes of length one in front of all that is made on the way. Each direction has a number of its own: ONNX Runtime would
 * take what the forward pass transforms alike for what a gradient needs, and hold buffers of one shape from their first
 * use to their last. Transformed tiles and kernels are several times as large as what they are made of.
 */
const AHEAD = { forward: [], inputGradient: [1], weightGradient: [1, 1] } as const;

type Ahead = typeof AHEAD[keyof typeof AHEAD];

/** `[N, C, H, W]` as `[H W, N C]`. */
function pixelsFirst(x: Value, block: number, ahead: Ahead): Value {
  const [batch, channels] = x.shape as [number, number];
  const pixels = reshape(blocked(x), [...ahead, batch, channels / block, -1, block]);
  const order = [2, 0, 1, 3].map((axis) => ahead.length + axis);
  return reshape(transpose(pixels, [...ahead.keys(), ...order]), [...ahead, -1, batch * channels]);
}

/** `[H W, N C]` as `[N, C, H, W]`. */
function pixelsLast(x: Value, shape: Shape, block: number): Value {
  const [batch, channels] = shape as [number, number];
  const pixels = reshape(x, [-1, batch, channels / block, block]);
  return unblocked(reshape(transpose(pixels, [1, 2, 0, 3]), shape));
}

/** `[products tiles, N C]` as `[products, tiles N, C]`. */
function matrices(x: Value, channels: number, problem: ConvProblem, ahead: Ahead): Value {
  return reshape(x, [...ahead, algorithmOf(problem).ofInput.length ** 2, -1, channels]);
}

/** `[products, K, C]`. */
function transformedKernel(w: Value, problem: ConvProblem, ahead: Ahead): Value {
  const [outputs, inputs] = problem.w as [number, number];
  const columns = reshape(w, [...ahead, outputs * inputs, 9]);
  const flat = matMul(kernelTransform(problem), columns, { transposeB: true });
  return reshape(flat, [...ahead, -1, outputs, inputs]);
}

/** The convolution. */
export function winogradConv(x: Value, w: Value, problem: ConvProblem, block: number): Value {
  const { y } = problem;
  const [batch, outputs] = y as [number, number];
  const ahead = AHEAD.forward;
  const map = matMul(inputTransform(problem), pixelsFirst(x, block, ahead));
  const kernel = transformedKernel(w, problem, ahead);
  const ofMap = matrices(map, problem.x[1]!, problem, ahead);
  const products = matMul(ofMap, kernel, { transposeB: true });
  const rows = reshape(products, [...ahead, -1, batch * outputs]);
  return pixelsLast(matMul(outputTransform(problem), rows, { transposeA: true }), y, block);
}

/** Its gradient by the input. */
export function winogradInputGradient(
  dy: Value,
  w: Value,
  problem: ConvProblem,
  block: number,
): Value {
  const { x } = problem;
  const [batch, inputs] = x as [number, number];
  const ahead = AHEAD.inputGradient;
  const gradient = matMul(outputTransform(problem), pixelsFirst(dy, block, ahead));
  const kernel = transformedKernel(w, problem, ahead);
  const products = matMul(matrices(gradient, problem.w[0]!, problem, ahead), kernel);
  const rows = reshape(products, [...ahead, -1, batch * inputs]);
  return pixelsLast(matMul(inputTransform(problem), rows, { transposeA: true }), x, block);
}

/** Its gradient by the weight. */
export function winogradWeightGradient(
  x: Value,
  dy: Value,
  problem: ConvProblem,
  block: number,
): Value {
  const [outputs, inputs] = problem.w as [number, number];
  const ahead = AHEAD.weightGradient;
  const map = matMul(inputTransform(problem), pixelsFirst(x, block, ahead));
  const gradient = matMul(outputTransform(problem), pixelsFirst(dy, block, ahead));
  const products = matMul(
    matrices(gradient, outputs, problem, ahead),
    matrices(map, inputs, problem, ahead),
    { transposeA: true },
  );
  const flat = reshape(products, [...ahead, -1, outputs * inputs]);
  return reshape(matMul(flat, kernelTransform(problem), { transposeA: true }), problem.w);
}
