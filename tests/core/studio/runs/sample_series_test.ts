import { assert, assertEquals } from "@std/assert";
import { MISSING } from "../../../../core/studio/runs/log_columns.ts";
import { sampleLog } from "../../../../core/studio/runs/sample_series.ts";

function columnsOf(values: readonly number[]) {
  const steps = Float64Array.from(values, (_, i) => i + 1);
  return {
    steps,
    seconds: steps.map((step) => step / 2),
    names: ["loss"],
    column: () => Float64Array.from(values),
  };
}

Deno.test("where there is room, every value is there", () => {
  const { series, exact } = sampleLog(columnsOf([3, MISSING, NaN, 1]), { points: 3 });
  assert(exact);
  assertEquals(series, [
    { name: "loss", steps: [1, 3, 4], seconds: [0.5, 1.5, 2], values: [3, null, 1] },
  ]);
});

Deno.test("no spike is lost where points are left out, and a zoom is exact", () => {
  const values = Array.from({ length: 10_000 }, (_, i) => i === 5003 ? 100 : i === 7777 ? -5 : 1);
  const log = columnsOf(values);
  const { series: [loss], exact } = sampleLog(log, { points: 50 });
  assert(!exact);
  assertEquals(loss!.steps.length, 50);
  assertEquals(Math.max(...loss!.highs as number[]), 100);
  assertEquals(Math.min(...loss!.lows as number[]), -5);
  assertEquals(loss!.highs!.filter((value) => value === 100).length, 1);
  const mean = (loss!.values as number[]).reduce((sum, value) => sum + value, 0) / 50;
  assert(Math.abs(mean - (10_000 - 2 + 95) / 10_000) < 1e-9);
  const zoom = sampleLog(log, { from: 5000, to: 5010, points: 50 });
  assert(zoom.exact);
  assertEquals(zoom.series[0]!.steps, [
    5000,
    5001,
    5002,
    5003,
    5004,
    5005,
    5006,
    5007,
    5008,
    5009,
    5010,
  ]);
  assertEquals(zoom.series[0]!.values[4], 100);
});

Deno.test("a metric that most records lack is exact beside one that all have", () => {
  const log = {
    ...columnsOf([]),
    steps: Float64Array.from({ length: 100 }, (_, i) => i),
    seconds: new Float64Array(100),
    names: ["loss", "knnTop1"],
    column: (name: string) =>
      Float64Array.from(
        { length: 100 },
        (_, i) => name === "loss" ? i : i % 50 === 0 ? i / 100 : MISSING,
      ),
  };
  const { series: [loss, knn] } = sampleLog(log, { points: 10 });
  assertEquals(loss!.values.length, 10);
  assertEquals(knn, { name: "knnTop1", steps: [0, 50], seconds: [0, 0], values: [0, 0.5] });
});

Deno.test("values that are not finite are null, and hide none beside them", () => {
  const values = Array.from({ length: 100 }, (_, i) => i < 10 ? NaN : i === 15 ? NaN : 2);
  const { series: [loss] } = sampleLog(columnsOf(values), { points: 10 });
  assertEquals(loss!.values, [null, ...Array(9).fill(2)]);
  assertEquals(loss!.lows![0], null);
});
