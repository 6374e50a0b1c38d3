import { assertEquals } from "@std/assert";
import { axisWeights } from "../../../../core/data/geometry/axis_weights.ts";
import { resampleColumns, resampleRows } from "../../../../core/data/geometry/resample.ts";

const HALVED = axisWeights({ length: 4, from: 0, to: 4, size: 2, first: 0, count: 2 }, "bilinear");
const SAME = axisWeights({ length: 2, from: 0, to: 2, size: 2, first: 0, count: 2 }, "bilinear");

Deno.test("resampleRows() reads a window, and mirrors it if told so", () => {
  // Two rows of two pixels within rows of three, after one pixel.
  const data = new Uint8Array([9, 9, 9, 1, 2, 3, 4, 5, 6, 9, 9, 9, 7, 8, 9, 10, 11, 12]);
  const window = { data, offset: 3, pitch: 9, rows: 2 };
  assertEquals([...resampleRows(window, SAME, false)], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assertEquals([...resampleRows(window, SAME, true)], [4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9]);
});

Deno.test("resampleRows() and resampleColumns() weight by the triangle, and round", () => {
  const row = [0, 70, 140, 210].flatMap((value) => [value, value, value]);
  const window = { data: new Uint8Array(row), offset: 0, pitch: 12, rows: 1 };
  // At the border the triangle's outer tap is missing: (3*0 + 3*70 + 140) / 7 = 50.
  assertEquals([...resampleRows(window, HALVED, false)], [50, 50, 50, 160, 160, 160]);
  const column = new Uint8Array(2 * 3);
  resampleColumns(new Uint8Array([0, 1, 70, 71, 140, 141, 210, 211]), 2, HALVED, column, 1);
  assertEquals([...column], [0, 50, 51, 160, 161, 0]);
});

Deno.test("resampleRows() and resampleColumns() clamp what the cubic overshoots", () => {
  const axis = axisWeights({ length: 4, from: 0, to: 4, size: 8, first: 0, count: 8 }, "bicubic");
  const column = new Uint8Array(8);
  resampleColumns(new Uint8Array([0, 0, 255, 255]), 1, axis, column, 0);
  assertEquals([column[2], column[5]], [0, 255]);
  const data = new Uint8Array([0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);
  const rows = resampleRows({ data, offset: 0, pitch: 12, rows: 1 }, axis, false);
  assertEquals([...rows.filter((_, i) => i % 3 === 0)], [...column]);
});
