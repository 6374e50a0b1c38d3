import { assertEquals } from "@std/assert";
import type { RunRow } from "../../../../core/studio/api/runs.ts";
import {
  columnsOf,
  differingColumns,
  usualColumns,
} from "../../../../core/studio/page/run_columns.ts";
import {
  groupRuns,
  matches,
  meanOf,
  readQuery,
  sortRuns,
} from "../../../../core/studio/page/run_query.ts";

function row(run: string, changes: Partial<RunRow>): RunRow {
  const given: RunRow = {
    run,
    kind: "pretraining",
    state: "finished",
    step: 10,
    totalSteps: 20,
    epoch: 1,
    changed: 0,
    started: 0,
    tags: [],
    options: {},
    metrics: {},
  };
  return { ...given, ...changes };
}

const RUNS = [
  row("first", {
    tags: ["base"],
    options: { method: "simclr", batchSize: 256 },
    metrics: { loss: 1, "knn top1": 0.5 },
  }),
  row("second", { options: { method: "byol", batchSize: 256 }, metrics: { loss: 3 } }),
  row("third", { state: "running", options: { method: "simclr", batchSize: 64 } }),
];
const COLUMNS = columnsOf(RUNS);

function found(text: string): string[] {
  const query = readQuery(text, COLUMNS);
  return RUNS.filter((run) => matches(run, query)).map(({ run }) => run);
}

function column(name: string): (typeof COLUMNS)[number] {
  return COLUMNS.find((each) => each.name === name)!;
}

Deno.test("a search finds by words, tags, options and metrics", () => {
  assertEquals(found(""), ["first", "second", "third"]);
  assertEquals(found("SimCLR"), ["first", "third"]);
  assertEquals(found("#base"), ["first"]);
  assertEquals(found("batchSize=256"), ["first", "second"]);
  assertEquals(found("option.batchsize!=256"), ["third"]);
  assertEquals(found("loss<=1 method=simclr"), ["first"]);
  assertEquals(found('"knn top1">0.4'), ["first"]);
  assertEquals(found("state:running"), ["third"]);
  assertEquals(found("simclr nothing"), []);
});

Deno.test("a condition on a name that no run has is reported; one that is being typed hides nothing", () => {
  assertEquals(readQuery("lss<2", COLUMNS).unknown, ["lss"]);
  assertEquals(found("loss<"), ["first", "second", "third"]);
});

Deno.test("a metric that a run does not have meets no bound, and sorts last either way", () => {
  assertEquals(found("loss<100"), ["first", "second"]);
  const sorted = (descending: boolean): string[] =>
    sortRuns(RUNS, column("metric.loss"), descending).map(({ run }) => run);
  assertEquals(sorted(false), ["first", "second", "third"]);
  assertEquals(sorted(true), ["second", "first", "third"]);
});

Deno.test("runs are grouped by an option, with the mean of a metric", () => {
  const groups = groupRuns(RUNS, column("option.method"));
  assertEquals(groups.map(({ value, runs }) => [value, runs.length]), [["simclr", 2], ["byol", 1]]);
  assertEquals(meanOf(RUNS, column("metric.loss")), 2);
  assertEquals(meanOf([RUNS[2]!], column("metric.loss")), undefined);
});

Deno.test("columns: options that differ, and those that are usual", () => {
  assertEquals(differingColumns(COLUMNS, RUNS.slice(0, 2)).map(({ title }) => title), ["method"]);
  assertEquals(
    usualColumns(COLUMNS),
    ["state", "progress", "option.method", "option.batchSize", "metric.loss"]
      .concat("metric.knn top1", "tags", "changed"),
  );
});

Deno.test("names like those of an object's own are names as any other", () => {
  const odd = [row("odd", { options: { constructor: "x" }, metrics: { toString: 1 } })];
  assertEquals(columnsOf(odd).slice(-2).map(({ name }) => name), [
    "option.constructor",
    "metric.toString",
  ]);
});
