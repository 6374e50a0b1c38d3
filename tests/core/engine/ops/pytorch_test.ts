import { assert, assertEquals } from "@std/assert";
import type { Build } from "../../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { allocate, isFloat } from "../../../../core/engine/graph/dtype.ts";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { runGraph } from "../../../run_graph.ts";
import { CASES, NOT_IN_DOUBLE } from "./pytorch_cases.ts";

const GOLDEN = new URL("../../../../fixtures/golden/op_gradients.safetensors", import.meta.url);

type Precision = "float64" | "float32" | "float16";

const TOLERANCE: Readonly<Record<Precision, number>> = {
  float64: 1e-6,
  float32: 1e-5,
  float16: 2e-2,
};

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

/** Largest difference, relative to the expected number or to one. */
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

async function check(name: string, build: Build, precision: Precision): Promise<void> {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  const given = new Map(partsOf(tensors, `${name}/in/`));
  const feeds: Record<string, Tensor> = {};
  const values: Record<string, Value> = {};
  for (const [key, value] of given) {
    feeds[key] = inPrecision(value, precision);
    values[key] = input(key, feeds[key].dtype, value.shape);
  }
  const y = build(values);
  const seed = input("seed", y.dtype, y.shape);
  feeds.seed = inPrecision(tensors.get(`${name}/seed`)!, precision);

  const expected = partsOf(tensors, `${name}/gradient/`);
  assert(expected.length > 0);
  const found = gradients(y, expected.map(([key]) => values[key]!), { seed });
  const results = await runGraph({
    out: y,
    ...Object.fromEntries(expected.map(([key], i) => [`gradient/${key}`, found[i]!])),
  }, feeds);
  for (const part of Object.keys(results)) {
    const error = worstError(results[part]!, tensors.get(`${name}/${part}`)!);
    assert(error <= TOLERANCE[precision], `${part} is off by ${error}`);
  }
}

for (const [name, build] of Object.entries(CASES)) {
  for (const precision of ["float64", "float32", "float16"] as const) {
    if (precision === "float64" && NOT_IN_DOUBLE.has(name)) continue;
    Deno.test(`${name} has the output and the gradients of PyTorch in ${precision}`, () =>
      check(name, build, precision));
  }
}

Deno.test("the cases are those of the golden", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  const names = new Set([...tensors.keys()].map((name) => name.split("/")[0]!));
  assertEquals([...names].sort(), Object.keys(CASES).sort());
});
