import { assert, assertEquals } from "@std/assert";
import {
  positionMatrix,
  resampledTable,
  resamplePositions,
  squareGrid,
} from "../../../core/backbones/resample_positions.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { filled, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { mul } from "../../../core/engine/ops/mul.ts";
import { reduceSum } from "../../../core/engine/ops/reduce_sum.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";

const SHAPE = [1, 197, 4];
const FROM = { rows: 14, columns: 14 };
const GOLDEN = new URL("../../../fixtures/golden/network_positions.safetensors", import.meta.url);
const { tensors: golden } = await readSafetensors(GOLDEN.pathname);

for (const [rows, columns] of [[6, 6], [24, 24], [14, 7], [10, 16]] as const) {
  const name = `${rows}x${columns}`;
  Deno.test(`resamplePositions() makes timm's positions for ${name} patches, with their gradient`, async () => {
    const table = input("table", "float32", SHAPE);
    const made = resamplePositions(table, FROM, { rows, columns });
    const cotangent = input("cotangent", "float32", made.shape);
    const [gradient] = gradients(reduceSum(mul(made, cotangent)), [table]);
    const results = await runGraph({ made, gradient: gradient! }, {
      table: hashedTensor("positions", SHAPE),
      cotangent: hashedTensor("cotangent", made.shape),
    });
    assert(relativeError(results.made!.data, golden.get(name)!.data) < 1e-6);
    assert(relativeError(results.gradient!.data, golden.get(`gradient/${name}`)!.data) < 1e-6);
  });
}

Deno.test("resamplePositions() leaves a table alone whose grid it is", () => {
  const table = input("table", "float32", SHAPE);
  assert(resamplePositions(table, FROM, FROM) === table);
});

Deno.test("resamplePositions() keeps the table's type, and computes in float32", async () => {
  const table = input("table", "float16", SHAPE);
  const made = resamplePositions(table, FROM, { rows: 6, columns: 6 });
  assertEquals(made.type, { dtype: "float16", shape: [1, 37, 4] });
  const ones = filled("float16", SHAPE, 1);
  const results = await runGraph({ made }, { table: ones });
  assertEquals(new Set(results.made!.data as Float16Array), new Set([1]));
});

Deno.test("positionMatrix() is the identity between equal grids, and its rows add up to 1", () => {
  const grid = { rows: 3, columns: 2 };
  const { data } = positionMatrix(grid, grid);
  assertEquals([...data], Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0)));
  const { data: larger } = positionMatrix(grid, { rows: 5, columns: 7 });
  for (let row = 0; row < 35; row++) {
    const sum = larger.subarray(row * 6, row * 6 + 6).reduce((total, weight) => total + weight, 0);
    assert(Math.abs(sum - 1) < 1e-6);
  }
});

Deno.test("resampledTable() makes of a file's positions what graphs do, of square grids and one width", () => {
  const table = hashedTensor("positions", SHAPE) as Tensor<"float32">;
  const made = resampledTable(table, [1, 37, 4])!;
  assert(relativeError(made.data, golden.get("6x6")!.data) < 1e-6);
  assertEquals(resampledTable(table, [1, 36, 4]), undefined);
  assertEquals(resampledTable(table, [1, 37, 8]), undefined);
  assertEquals(squareGrid([1, 198, 4]), undefined);
});
