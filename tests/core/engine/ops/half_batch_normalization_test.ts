/**
 * Batch normalisation of float16 as CUDA computes it, on the CPU with the same roundings, beside that of float64 of the
 * same numbers.
 */
import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import { type GraphTarget, withTarget } from "../../../../core/engine/graph/target.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { batchNormalization } from "../../../../core/engine/ops/batch_normalization.ts";
import { cast } from "../../../../core/engine/ops/cast.ts";
import { hashedTensor } from "../nn/hashed_values.ts";
import { relativeError } from "../nn/relative_error.ts";
import { AS_CUDA, computed, rounded, type Tensors } from "./rounded_as_cuda.ts";
import { goldenTensors } from "./window_golden.ts";

/** Largest relative error of tensors of float16: a few roundings, of 2^-11 at most each. */
const NARROW = 2 ** -10;

/**
 * Largest relative error of sums of float32: that of each row is rounded on the way, and of rows of both signs what is left
 * in the end is less than they are.
 */
const SUMS = 2 ** -9;

/** Largest relative error of a batch's statistics. */
const STATISTICS = 1e-5;

/** All that a batch normalisation makes, and its gradients. */
function evaluate(
  { x, dy, ...vectors }: Tensors,
  dtype: "float16" | "float64",
  target: GraphTarget,
): Promise<Tensors> {
  return computed({ x: x!, dy: dy!, ...vectors }, target, (inputs) => {
    const as = (value: Value) => cast(value, dtype);
    const vector = (value: Value | undefined) => value && dtype === "float64" ? as(value) : value;
    const [image, seed] = [as(inputs.x!), as(inputs.dy!)];
    const [scale, bias] = [vector(inputs.scale), vector(inputs.bias)];
    const { y, mean, variance } = batchNormalization(image, {
      ...(scale && { scale }),
      ...(bias && { bias }),
    });
    const by = { dx: image, ...(scale && { dscale: scale }), ...(bias && { dbias: bias }) };
    const found = gradients(y, Object.values(by), { seed });
    const slopes = Object.fromEntries(Object.keys(by).map((name, i) => [name, found[i]!]));
    return { y, mean, variance, ...slopes };
  });
}

interface Bounds {
  readonly narrow?: number;
  readonly sums?: number;
  readonly statistics?: number;
}

/** Compares all that is made of some tensors with float64. */
async function compare(what: string, given: Tensors, bounds: Bounds = {}): Promise<void> {
  const { narrow = NARROW, sums = SUMS, statistics = STATISTICS } = bounds;
  const tensors = { ...given, x: rounded(given.x!), dy: rounded(given.dy!) };
  const found = await evaluate(tensors, "float16", AS_CUDA);
  const expected = await evaluate(tensors, "float64", { provider: "cpu" });
  const most: Record<string, number> = {
    ...{ y: narrow, dx: narrow, dscale: sums, dbias: sums, mean: statistics, variance: statistics },
  };
  const errors: string[] = [];
  for (const [name, value] of Object.entries(expected)) {
    const error = relativeError(found[name]!.data as Float32Array, value.data as Float32Array);
    if (!(error <= most[name]!)) errors.push(`${name} of ${what} is off by ${error}`);
  }
  assert(errors.length === 0, errors.join("; "));
}

/** A batch of images, or of features, around a mean. */
function batch(shape: readonly number[], deviation: number, mean: number, ofGradient = 1): Tensors {
  const channels = [shape[1]!];
  return {
    x: hashedTensor("half x", shape, Math.sqrt(3) * deviation, mean),
    dy: hashedTensor("half dy", shape, ofGradient),
    scale: hashedTensor("half scale", channels, 0.5, 1),
    bias: hashedTensor("half bias", channels),
  };
}

for (const name of ["batch norm", "batch norm features", "batch norm plain", "batch norm large"]) {
  Deno.test(`batchNormalization() of float16 for CUDA is that of float64: ${name}`, async () => {
    const { x, dy, scale, bias } = await goldenTensors(name);
    await compare(name, { x: x!, dy: dy!, ...(scale && { scale }), ...(bias && { bias }) });
  });
}

Deno.test("batchNormalization() of float16 for CUDA has images of float16 alone, forward and backward", () => {
  const nodes = withTarget({ provider: "cuda" }, () => {
    const [x, dy] = ["x", "dy"].map((name) => input(name, "float16", [8, 4, 6, 6]));
    const [scale, bias] = ["scale", "bias"].map((name) => input(name, "float32", [4]));
    const { y, mean, variance } = batchNormalization(x!, { scale: scale!, bias: bias! });
    const found = gradients(y, [x!, scale!, bias!], { seed: dy! });
    assertEquals([mean, variance, ...found].map((value) => value!.dtype), [
      ...["float32", "float32"],
      ...["float16", "float32", "float32"],
    ]);
    return nodesLeadingTo([y, mean, variance, ...found.map((value) => value!)], true)
      .filter(({ op }) => op.type !== "Reshape");
  });
  const images = nodes.map(({ outputs }) => Object.values(outputs)[0]!)
    .filter(({ shape }) => elementCount(shape) === 8 * 4 * 6 * 6);
  // Statistics of rows, y; what is normalised anew, its products with dy, what dy is less of, the difference, the gradient.
  assertEquals(images.map(({ dtype }) => dtype), Array(7).fill("float16"));
});

Deno.test("batchNormalization() of float16 for CUDA stays precise where the mean is 16 times the deviation", async () => {
  const { x, dy, scale, bias } = await goldenTensors("batch norm far");
  await compare("far", { x: x!, dy: dy!, scale: scale!, bias: bias! }, { statistics: 1e-4 });
});

const SHAPES = [[8, 3, 36, 32], [16, 3, 8, 8], [8, 4, 7, 7], [32, 5]];

for (const shape of SHAPES) {
  Deno.test(`batchNormalization() of float16 for CUDA takes what float16 holds: [${shape}]`, async () => {
    await compare("ordinary", batch(shape, 1, 0.5));
    // Squares are beyond float16's range, and sums of numbers.
    await compare("large", batch(shape, 3000, 20_000), { statistics: 1e-4 });
    // Squares are below it, and epsilon outweighs them.
    await compare("small", batch(shape, 1e-3, 0));
    // So are gradients, were their sums means.
    await compare("small gradients", batch(shape, 1, 0.5, 2e-4), { narrow: 2 ** -9 });
    // What they add up to is beyond it.
    await compare("large gradients", batch(shape, 300, -50, 20_000));
  });
}
