import { assertEquals } from "@std/assert";
import { labelOf, wordsOfName } from "../../../../core/studio/api/metric_labels.ts";
import type { RunList, RunRow } from "../../../../core/studio/api/runs.ts";
import {
  formatAgo,
  formatBytes,
  formatNumber,
  formatSeconds,
} from "../../../../core/studio/page/format.ts";
import { orderedCurves } from "../../../../core/studio/page/metric_panels.ts";
import { metricRows, optionRows } from "../../../../core/studio/page/option_differences.ts";
import { changedList } from "../../../../core/studio/page/run_list.ts";

function row(run: string, options: RunRow["options"], metrics: RunRow["metrics"]): RunRow {
  return {
    run,
    kind: "pretraining",
    state: "finished",
    step: 0,
    epoch: 0,
    changed: 0,
    started: 0,
    tags: [],
    options,
    metrics,
  };
}

Deno.test("numbers, times and sizes in words", () => {
  assertEquals([0, 1204, 0.031249, 3.14e-7, 12345.6, null].map((value) => formatNumber(value)), [
    "0",
    "1,204",
    "0.03125",
    "3.14e-7",
    "12,346",
    "not finite",
  ]);
  assertEquals([0, 0.4, 59, 3661, 90000].map((value) => formatSeconds(value)), [
    "0 s",
    "0.4 s",
    "59 s",
    "1 h 1 min",
    "1 d 1 h",
  ]);
  assertEquals([999, 12_340_000, 5e9].map((value) => formatBytes(value)), [
    "999 B",
    "12.3 MB",
    "5.0 GB",
  ]);
  assertEquals(formatAgo(0, 125_000), "2 min ago");
  assertEquals(wordsOfName("baseBatchSize"), "base batch size");
});

Deno.test("options of several runs, and in which they differ", () => {
  const runs = [row("a", { seed: 1, method: "byol" }, { loss: 2 }), row("b", { seed: 1 }, {})];
  assertEquals(optionRows(runs), [
    { name: "method", cells: ["byol", undefined], differs: true },
    { name: "seed", cells: [1, 1], differs: false },
  ]);
  assertEquals(metricRows(runs), [{ name: "loss", values: [2, undefined] }]);
});

Deno.test("an event changes one run of the list, adds a new one or takes one out", () => {
  const list: RunList = { root: ".", runs: [row("a", {}, {}), row("b", {}, {})], unreadable: [] };
  const changed = { ...row("b", {}, {}), step: 5 };
  assertEquals(changedList(list, { kind: "run", row: changed }).runs[1], changed);
  const names = (after: RunList): string[] => after.runs.map(({ run }) => run);
  assertEquals(names(changedList(list, { kind: "run", row: row("c", {}, {}) })), ["c", "a", "b"]);
  assertEquals(names(changedList(list, { kind: "gone", run: "a" })), ["b"]);
  assertEquals(changedList(list, { kind: "queue" }), list);
});

Deno.test("charts stand in the order in which a reader asks, a metric of steps and epochs once", () => {
  const curve = (name: string) => ({ name, steps: [1], seconds: [1], values: [1] });
  const ordered = orderedCurves(
    [curve("gradientNorm"), curve("novelty"), curve("loss")],
    [curve("knn top1"), curve("loss"), curve("waitSeconds")],
  );
  assertEquals(ordered.map(({ name }) => name), ["loss", "knn top1", "gradientNorm", "novelty"]);
  assertEquals(ordered[0]!.epochs?.name, "loss");
});

Deno.test("metrics have names for people, whatever has measured them", () => {
  const names = ["loss", "unet/loss", "kNN k=20 T=0.07 top1", "someThing"];
  assertEquals(names.map((name) => labelOf(name).label), [
    ...["Loss", "Loss of the unet", "kNN k=20 T=0.07 top1", "Some thing"],
  ]);
});
