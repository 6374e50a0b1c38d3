import { assert, assertEquals } from "@std/assert";
import {
  type CellResult,
  describeDifferences,
  methodsChart,
  methodsTable,
  notWorse,
} from "../../bench/methods_table.ts";
import { spreadOf } from "../../bench/spread.ts";
import { pngSize } from "../../core/plot/mod.ts";

function result(
  method: string,
  seed: number,
  side: "ours" | "lightly",
  knnTop1: number,
): CellResult {
  const budget = { epochs: 2, imageSize: 64, minutes: 1 };
  return { method, seed, side, knnTop1, probeTop1: 0.5, recallAt1: 0.25, ...budget };
}

Deno.test("methodsTable() has the mean and deviation over seeds of both sides, and whether ours is not worse", () => {
  const results = [
    ...[0.5, 0.6].map((x, seed) => result("byol", seed, "ours", x)),
    ...[0.7, 0.8].map((x, seed) => result("byol", seed, "lightly", x)),
    ...[0.5, 0.6].map((x, seed) => result("simclr", seed, "ours", x)),
  ];
  assertEquals(
    methodsTable(results, ["byol", "simclr"]),
    [
      "| method | kNN | kNN, lightly | linear probe | linear probe, lightly | retrieval | retrieval, lightly | not worse |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
      "| byol | 55.0 ± 7.1 | 75.0 ± 7.1 | 50.0 ± 0.0 | 50.0 ± 0.0 | 25.0 ± 0.0 | 25.0 ± 0.0 | no |",
      "| simclr | 55.0 ± 7.1 |  | 50.0 ± 0.0 |  | 25.0 ± 0.0 |  |  |",
    ].join("\n"),
  );
});

Deno.test("methodsChart() draws a method of one seed, and several", async () => {
  const results = [0.5, 0.6].flatMap((x, seed) => [
    result("byol", seed, "ours", x),
    result("simclr", seed, "lightly", x + 0.1),
  ]);
  for (const some of [results, results.slice(0, 1)]) {
    const { width, height } = pngSize(await methodsChart(some, ["byol", "simclr"]));
    assert(width > 600 && height > 300, `${width} x ${height}`);
  }
});

Deno.test("notWorse() allows what seeds spread by", () => {
  const theirs = spreadOf([0.6, 0.7]);
  assert(notWorse(spreadOf([0.55, 0.65]), theirs));
  assert(!notWorse(spreadOf([0.4, 0.5]), theirs));
});

Deno.test("describeDifferences() has the mean over pairs, and leaves out what has no counterpart", () => {
  const results = [
    ...[0.5, 0.6, 0.9].map((x, seed) => result("byol", seed, "ours", x)),
    ...[0.4, 0.7].map((x, seed) => result("byol", seed, "lightly", x)),
    result("simclr", 0, "ours", 0.9),
    result("simclr", 0, "lightly", 0.6),
  ];
  const [first, second] = describeDifferences(results).split("\n");
  // 0.1, -0.1 and 0.3: a mean of 0.1 and a deviation of 0.2, over the root of 3.
  assertEquals(
    first,
    "kNN: ours less lightly's 10.00 ± 11.55 points over 3 pairs of a method and seed",
  );
  assertEquals(
    second,
    "linear probe: ours less lightly's 0.00 ± 0.00 points over 3 pairs of a method and seed",
  );
  assertEquals(describeDifferences(results.slice(0, 1)).split("\n")[0], "kNN: too few pairs");
});
