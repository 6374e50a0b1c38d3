import { assertEquals, assertStringIncludes } from "@std/assert";
import type { EvaluationResult } from "../../../core/evaluate/results.ts";
import { describeResults, describeTables } from "../../../tasks/cli/evaluation_text.ts";
import { alignedTable, markdownTable } from "../../../tasks/cli/table_text.ts";

const common = {
  train: { data: "train", samples: 10, skipped: 2 },
  test: { data: "val", samples: 5, skipped: 0 },
  overlap: 0,
  imageSize: 32,
  seed: 0,
  encoder: "momentum",
  checkpoint: { step: 7, epoch: 1, path: "run/checkpoints/step-000000007" },
  device: "cpu",
  at: "2026-11-29T00:00:00.000Z",
} as const;

Deno.test("describeResults() tells what was found, on what, beside chance, and what could not be read", () => {
  const retrieval: EvaluationResult = {
    ...common,
    protocol: "retrieval",
    name: "retrieval",
    recipe: "by cosine",
    figures: { recallAt1: 0.5, recallAt5: 0.75, backwardRecallAt1: 0.25, backwardRecallAt5: 1 },
    chance: { recallAt1: 0.1, recallAt5: 0.2, backwardRecallAt1: 0.3, backwardRecallAt5: 0.4 },
  };
  const semi: EvaluationResult = {
    ...common,
    protocol: "semi",
    name: "10 % of labels (swav)",
    recipe: "whole network",
    figures: { top1: 0.6, top5: 0.9 },
    chance: { classes: 10, balanced: 0.1, balancedTop5: 0.5, majority: 0.2 },
    train: { ...common.train, samples: 1, skipped: 0, share: 0.1 },
  };
  assertEquals(
    describeResults([retrieval, semi], "run/results.json"),
    [
      "step 7, momentum encoder: val by train",
      "counterpart found first, there and back: 50.00 % and 25.00 % (chance 10.00 % and 30.00 %); " +
      "among five: 75.00 % and 100.00 % (chance 20.00 % and 40.00 %)",
      "10 % of labels (swav): 60.00 % top-1 (chance 10.00 %, 10 classes; most frequent class 20.00 %), " +
      "90.00 % top-5 (chance 50.00 %); trained on 1 image",
      "  whole network",
      "2 of 12 images of train cannot be read and are left out",
      "added to run/results.json",
    ].join("\n"),
  );
});

Deno.test("describeTables() aligns columns, or writes Markdown, and names runs without results", () => {
  const tables = [{
    title: "val by train",
    columns: ["linear A (lars)", "kNN"],
    rows: [{ name: "a", cells: ["1.00 / 2.00", undefined] }],
  }];
  const text = describeTables(tables, { markdown: false, lacking: ["b"] });
  assertEquals(text.split("\n"), [
    "val by train",
    "top-1 / top-5 in %  linear A (lars)  kNN",
    "a                       1.00 / 2.00    –",
    "",
    "not evaluated: b",
  ]);
  const markdown = describeTables(tables, { markdown: true, lacking: [] });
  assertStringIncludes(markdown, "**val by train**\n\n| top-1 / top-5 in % |");
  const table = { header: ["a", "b"], rows: [["x|y", "1"]] };
  assertEquals(markdownTable(table), "| a | b |\n| --- | ---: |\n| x\\|y | 1 |");
  assertEquals(alignedTable(table), "a    b\nx|y  1");
});
