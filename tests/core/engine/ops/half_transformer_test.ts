/**
 * Gradients of a transformer's operators in float16 as CUDA computes them, on the CPU with the same roundings, beside those of
 * float64 of the same numbers.
 */
import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import { type GraphTarget, withTarget } from "../../../../core/engine/graph/target.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { hashedTensor } from "../nn/hashed_values.ts";
import { relativeError } from "../nn/relative_error.ts";
import { AS_CUDA, computed, rounded, type Tensors } from "./rounded_as_cuda.ts";

const CPU: GraphTarget = { provider: "cpu" };

/** Largest relative error of a gradient: a few roundings, of 2^-11 at most each. */
const NARROW = 2 ** -9;

async function compare(
  found: Promise<Tensors>,
  expected: Promise<Tensors>,
  bounds: Readonly<Record<string, number>> = {},
): Promise<void> {
  const [own, exact] = [await found, await expected];
  const errors: string[] = [];
  for (const [name, { data }] of Object.entries(exact)) {
    const error = relativeError(own[name]!.data as Float32Array, data as Float32Array);
    if (!(error <= (bounds[name] ?? NARROW))) errors.push(`${name} is off by ${error}`);
  }
  assert(errors.length === 0, errors.join("; "));
}

/** Gradients of attention by queries, keys and values. */
function attentionGradients(given: Tensors, dtype: "float16" | "float64", target: GraphTarget) {
  return computed(given, target, (inputs) => {
    const [q, k, v, seed] = ["q", "k", "v", "dy"].map((name) => op.cast(inputs[name]!, dtype));
    const y = op.scaledDotProductAttention(q!, k!, v!);
    const [dq, dk, dv] = gradients(y, [q!, k!, v!], { seed: seed! });
    return { dq: dq!, dk: dk!, dv: dv! };
  });
}

for (const [what, mean] of [["around 0", 0], ["that have a large mean in common", 8]] as const) {
  Deno.test(`attention of float16 for CUDA has gradients as near to float64's as with wide differences, of values ${what}`, async () => {
    const part = (name: string, scale: number, offset = 0) =>
      rounded(hashedTensor(`half ${name}`, [2, 3, 40, 16], scale, offset));
    // The slope of a score is what a value gives less what all give together: nearly equal numbers, if values are.
    const given = {
      q: part("q", 1),
      k: part("k", 1, 1),
      v: part("v", 0.5, mean),
      dy: part("dy", 1),
    };
    const exact = await attentionGradients(given, "float64", CPU);
    const errorsOf = (found: Tensors) =>
      Object.entries(exact).map(([name, { data }]) =>
        relativeError(found[name]!.data as Float32Array, data as Float32Array)
      );
    const narrow = errorsOf(await attentionGradients(given, "float16", AS_CUDA));
    // The result and each slope are rounded while the mean is in them, whatever comes after.
    const wide = errorsOf(await attentionGradients(given, "float16", CPU));
    narrow.forEach((error, i) =>
      assert(error <= 1.5 * wide[i]!, `${"qkv"[i]} is off by ${error}, and by ${wide[i]}`)
    );
    if (mean === 0) assert(Math.max(...narrow) <= NARROW, `off by ${narrow}`);
  });
}

Deno.test("attention of float16 for CUDA holds no scores of float32", () => {
  const nodes = withTarget({ provider: "cuda" }, () => {
    const [q, k, v, dy] = ["q", "k", "v", "dy"].map((name) =>
      input(name, "float16", [2, 3, 40, 16])
    );
    const y = op.scaledDotProductAttention(q!, k!, v!);
    const found = gradients(y, [q!, k!, v!], { seed: dy! });
    return nodesLeadingTo([y, ...found.map((value) => value!)], true);
  });
  const scores = nodes.map(({ outputs }) => Object.values(outputs)[0]!)
    .filter(({ shape }) => elementCount(shape) === 2 * 3 * 40 * 40);
  // Scores, probabilities; slopes, less their total, times the probabilities.
  assertEquals(scores.map(({ dtype }) => dtype), Array(5).fill("float16"));
});

/** Gradients of a layer normalisation whose result goes on in a type of its own. */
function normGradients(
  { x, scale, bias, dy }: Tensors,
  dtype: "float16" | "float64",
  target: GraphTarget,
) {
  const given = { x: x!, scale: scale!, bias: bias!, dy: dy! };
  const wide = dtype === "float16" ? "float32" : dtype;
  return computed(given, target, (inputs) => {
    const [image, factor, offset] = ["x", "scale", "bias"].map((name) =>
      op.cast(inputs[name]!, wide)
    );
    const normalized = op.layerNormalization(image!, { scale: factor!, bias: offset! });
    const y = op.cast(op.reshape(normalized, [-1, image!.shape.at(-1)!]), dtype);
    const seed = op.cast(op.reshape(inputs.dy!, y.shape), dtype);
    const [dx, dscale, dbias] = gradients(y, [image!, factor!, offset!], { seed });
    return { y, dx: dx!, dscale: dscale!, dbias: dbias! };
  });
}

const ROWS = [6, 50, 96];

function rows(mean: number, ofGradient: number, gradientMean = 0): Tensors {
  return {
    x: hashedTensor("half x", ROWS, 2, mean),
    scale: hashedTensor("half scale", [96], 0.5, 1),
    bias: hashedTensor("half bias", [96]),
    dy: rounded(hashedTensor("half dy", ROWS, ofGradient, gradientMean)),
  };
}

for (
  const [what, given] of Object.entries({
    "ordinary tensors": rows(0.5, 1),
    "x whose mean is 16 times the deviation": rows(20, 1),
    "gradients of one sign": rows(0.5, 1, 2),
    "small gradients": rows(0.5, 2e-4),
    "large gradients": rows(0.5, 3000),
  })
) {
  Deno.test(`layer norm whose gradient comes from float16 has on CUDA that of float64, of ${what}`, () =>
    compare(
      normGradients(given, "float16", AS_CUDA),
      normGradients(given, "float64", CPU),
      what === "small gradients" ? { dx: 2 ** -8, dscale: 2 ** -8, dbias: 2 ** -8 } : {},
    ));
}

Deno.test("layer norm whose gradient comes from float16 widens it at the end alone", () => {
  const types = withTarget({ provider: "cuda" }, () => {
    const x = input("x", "float32", ROWS);
    const dy = input("dy", "float16", ROWS);
    const y = op.cast(
      op.layerNormalization(x, { scale: input("scale", "float32", [96]) }),
      "float16",
    );
    const [dx] = gradients(y, [x], { seed: dy });
    return nodesLeadingTo([dx!], true).filter(({ op: { type } }) => type !== "Reshape")
      .map(({ outputs }) => Object.values(outputs)[0]!)
      .filter(({ shape }) => elementCount(shape) === elementCount(ROWS)).map(({ dtype }) => dtype);
  });
  // The statistics of x, and x normalised anew; that in float16 and five more; the gradient, and times the inverse deviation.
  const expected = ["float32", "float32", ...Array(6).fill("float16"), "float32", "float32"];
  assertEquals(types.toSorted(), expected.toSorted());
});

Deno.test("gelu() of float16 for CUDA has the slope of each number as float16 rounds it, and near 0 to 2^-12", async () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
  const finite = Array.from(new Float16Array(bits.buffer)).filter(Number.isFinite);
  const given = { x: float32([finite.length], finite) };
  const slope = (dtype: "float16" | "float32", target: GraphTarget) =>
    computed(given, target, ({ x }) => {
      const number = op.cast(x!, dtype);
      const [dx] = gradients(op.reduceSum(op.gelu(number)), [number]);
      return { dx: dx! };
    });
  const [found, exact] = [await slope("float16", AS_CUDA), await slope("float32", CPU)];
  finite.forEach((x, i) => {
    const [own, wanted] = [Number(found.dx!.data[i]), Number(exact.dx!.data[i])];
    // Float16 holds nothing between 0 and 2^-24, and float32's formula is exact to 2^-22 or so.
    const rounding = Math.abs(x) < 0.25 ? 2 ** -12 : 2 ** -22;
    const most = 2 ** -11 * Math.abs(wanted) + rounding;
    assert(Math.abs(own - wanted) <= most, `the slope at ${x} must be ${wanted}, found ${own}`);
  });
});
