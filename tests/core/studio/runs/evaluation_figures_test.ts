import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { explainFigure, readFigures } from "../../../../core/studio/runs/evaluation_figures.ts";
import { inFolder } from "../../../in_folder.ts";
import { writeFiles } from "./run_folders.ts";

const CHANCE = { classes: 4, balanced: 0.25, balancedTop5: 1, majority: 0.4 };

Deno.test("what evaluations have found is explained beside its chance level, the last of a name", () =>
  inFolder(async (folder) => {
    const knn = { protocol: "knn", name: "kNN k=5 T=0.07", encoder: "online", chance: CHANCE };
    await writeFiles(folder, {
      "results.json": {
        version: 1,
        results: [
          { ...knn, figures: { top1: 0.1 } },
          { ...knn, figures: { top1: 0.6, top5: 1 } },
          { ...knn, encoder: "momentum", figures: { top1: 0.4 } },
          {
            ...{ protocol: "retrieval", name: "retrieval", encoder: "online" },
            ...{ figures: { recallAt1: 0.5, meanReciprocalRank: 0.7 }, chance: { recallAt1: 0.1 } },
          },
          ...[null, 3, { name: "own", figures: [] }, { name: "own", figures: { a: "b" } }],
        ],
      },
    });
    const figures = readFigures(folder);
    assertEquals(figures.map(({ name, value, chance }) => [name, value, chance]), [
      ["kNN k=5 T=0.07 top1", 0.6, 0.4],
      ["kNN k=5 T=0.07 top5", 1, 1],
      ["momentum kNN k=5 T=0.07 top1", 0.4, 0.4],
      ["retrieval recallAt1", 0.5, 0.1],
      ["retrieval meanReciprocalRank", 0.7, undefined],
    ]);
    const explained = figures.map(explainFigure);
    assertEquals(explained.map(({ verdict }) => verdict), [
      ...["good", "watch", "watch", "good", "unknown"],
    ]);
    assertStringIncludes(explained[0]!.what, "nearest neighbours among the training images");
    assertStringIncludes(explained[0]!.healthy, "without seeing the images one reaches 40.0 %");
    assertStringIncludes(explained[3]!.what, "counterpart");
    assertEquals(readFigures(join(folder, "none")), []);
  }));
