/**
 * Whether an operator has PyTorch's output and gradients, in a precision, for a provider and on a device.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Build } from "../../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { allocate, isFloat } from "../../../../core/engine/graph/dtype.ts";
import { type GraphTarget, withTarget } from "../../../../core/engine/graph/target.ts";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { runGraph } from "../../../run_graph.ts";

const GOLDEN = new URL("../../../../fixtures/golden/op_gradients.safetensors", import.meta.url);

/** Element types that operators are checked in. */
export type Precision = "float64" | "float32" | "float16";

const TOLERANCE: Readonly<Record<Precision, number>> = {
  float64: 1e-6,
  float32: 1e-5,
  float16: 2e-2,
};

/** How a case is built and run. */
export interface GoldenOptions {
  /** Element type of what is float. */
  readonly precision: Precision;
  /** What its graph is built for (default any device). */
  readonly target?: GraphTarget;
  /** Runs it (default on the device of the tests). */
  readonly run?: typeof runGraph;
  /** Largest error, relative to the expected number or to one (default by the precision). */
  readonly tolerance?: number;
}

/** All tensors of the golden, by the case's name, a slash, and what they are. */
export async function goldenTensors(): Promise<ReadonlyMap<string, Tensor>> {
  return (await readSafetensors(GOLDEN.pathname)).tensors;
}

/** Parts of a case under a prefix: `in/` or `gradient/`. */
function partsOf(tensors: ReadonlyMap<string, Tensor>, prefix: string): [string, Tensor][] {
  return [...tensors].flatMap(([name, value]): [string, Tensor][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []
  );
}

function inPrecision(value: Tensor, precision: Precision): Tensor {
  if (!isFloat(value.dtype)) return value;
  const data = allocate(precision, value.data.length);
  (data as Float64Array).set(value.data as Float64Array);
  return tensor(precision, value.shape, data);
}

/** Largest difference, relative to the expected number or to one; infinite where one of both alone is no number. */
function worstError(actual: Tensor, expected: Tensor): number {
  assertEquals(actual.shape, expected.shape);
  const wanted = expected.data as Float64Array;
  return Math.max(
    ...Array.from(
      actual.data as Float64Array,
      (value, i) => Math.abs(value - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!)),
    ),
  );
}

/** Checks a case of `pytorch_cases.ts`. */
export async function checkGolden(
  name: string,
  build: Build,
  { precision, target = {}, run = runGraph, tolerance = TOLERANCE[precision] }: GoldenOptions,
): Promise<void> {
  const tensors = await goldenTensors();
  const given = new Map(partsOf(tensors, `${name}/in/`));
  const feeds: Record<string, Tensor> = {};
  const values: Record<string, Value> = {};
  for (const [key, value] of given) {
    feeds[key] = inPrecision(value, precision);
    values[key] = input(key, feeds[key].dtype, value.shape);
  }
  const y = withTarget(target, () => build(values));
  const seed = input("seed", y.dtype, y.shape);
  feeds.seed = inPrecision(tensors.get(`${name}/seed`)!, precision);

  const expected = partsOf(tensors, `${name}/gradient/`);
  assert(expected.length > 0);
  const found = gradients(y, expected.map(([key]) => values[key]!), { seed });
  const results = await run({
    out: y,
    ...Object.fromEntries(expected.map(([key], i) => [`gradient/${key}`, found[i]!])),
  }, feeds);
  for (const part of Object.keys(results)) {
    const error = worstError(results[part]!, tensors.get(`${name}/${part}`)!);
    assert(error <= tolerance, `${part} is off by ${error}`);
  }
}
