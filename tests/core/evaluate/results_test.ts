import { assertEquals, assertRejects } from "@std/assert";
import {
  addResults,
  type EvaluationResult,
  mergeResults,
  readResults,
  readRuns,
} from "../../../core/evaluate/results.ts";
import { resultsTables } from "../../../core/evaluate/results_table.ts";
import { CLIP_NORMALIZATION, IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { withFolder } from "../backbones/clip_golden.ts";

function result(changes: Partial<EvaluationResult> = {}): EvaluationResult {
  return {
    protocol: "linear",
    name: "linear A (lars)",
    recipe: "LARS",
    figures: { top1: 0.7123, top5: 0.9 },
    chance: { classes: 10, balanced: 0.1, balancedTop5: 0.5, majority: 0.1 },
    train: { data: "train", samples: 100, skipped: 0 },
    test: { data: "val", samples: 50, skipped: 0 },
    overlap: 0,
    imageSize: 224,
    seed: 0,
    encoder: "online",
    checkpoint: { step: 5, epoch: 1, path: "run/checkpoints/step-000000005" },
    device: "cpu",
    at: "2026-11-29T10:00:00.000Z",
    ...changes,
  };
}

Deno.test("mergeResults() replaces a result of the same protocol, recipe, data, statistics, seed, encoder and weights", () => {
  const first = result();
  const again = result({ figures: { top1: 0.8, top5: 0.9 }, at: "2026-11-30T10:00:00.000Z" });
  assertEquals(mergeResults([first], [again]), [again]);
  const others = [
    result({ name: "linear B (moco-v3-resnet)" }),
    result({ recipe: "LARS, 2 epochs" }),
    result({ test: { data: "sketches", samples: 50, skipped: 0 } }),
    result({ train: { data: "train", samples: 10, skipped: 0, share: 0.1 } }),
    result({ seed: 1 }),
    result({ encoder: "momentum" }),
    result({ imageSize: 96 }),
    result({ classes: "imagenet100.txt" }),
    result({ checkpoint: { ...first.checkpoint, step: 6 } }),
    result({ checkpoint: { ...first.checkpoint, weights: "0123456789ab" } }),
    result({ normalize: CLIP_NORMALIZATION }),
    result({ normalize: IMAGENET_NORMALIZATION }),
  ];
  assertEquals(mergeResults([first], others).length, 1 + others.length);
});

Deno.test("addResults() adds to the file of a run, which readResults() checks", () =>
  withFolder(async (path) => {
    assertEquals(await readResults(path("run")), []);
    await addResults(path("run"), [result()]);
    await addResults(path("run"), [result({ seed: 1 })]);
    assertEquals((await readResults(path("run"))).map(({ seed }) => seed), [0, 1]);
    for (
      const [text, message] of [
        [
          '{"version":2,"results":[]}',
          "version must be equal to one of the allowed values 1, found 2",
        ],
        ['{"version":1,"results":[{"name":"kNN"}]}', "protocol"],
        [
          JSON.stringify({ version: 1, results: [{ ...result(), checkpoint: {} }] }),
          "results.0.checkpoint must have required property 'step'",
        ],
        [
          JSON.stringify({ version: 1, results: [{ ...result(), figures: { top1: "0.7" } }] }),
          "figures.top1 must be number",
        ],
      ] as const
    ) {
      await Deno.writeTextFile(path("run/results.json"), text);
      await assertRejects(() => readResults(path("run")), TypeError, message);
    }
    await Deno.mkdir(path("empty"));
    await assertRejects(
      () => readRuns([path("empty")]),
      TypeError,
      `found no results.json in ${path("empty")}; evaluate one first`,
    );
  }));

Deno.test("addResults() loses nothing where several evaluations end at once", () =>
  withFolder(async (path) => {
    const seeds = [0, 1, 2, 3, 4, 5];
    await Promise.all(seeds.map((seed) => addResults(path("run"), [result({ seed })])));
    assertEquals((await readResults(path("run"))).map(({ seed }) => seed).sort(), seeds);
  }));

Deno.test("resultsTables() names the figures of a protocol that it does not know", () => {
  const [table] = resultsTables([
    { run: "a", results: [result({ name: "detection", figures: { precision: 0.25 } })] },
  ]);
  assertEquals(table!.rows[0]!.cells, ["precision 25.00"]);
});

Deno.test("resultsTables() tells files in one folder apart, and statistics of their images", () => {
  const file = (path: string) => ({ step: 0, epoch: 200, path });
  const [imagenet, clip] = [{ normalize: IMAGENET_NORMALIZATION }, {
    normalize: CLIP_NORMALIZATION,
  }];
  const [table] = resultsTables([{
    run: "published",
    results: [
      result({ checkpoint: file("/cache/moco.pth"), ...imagenet }),
      result({ checkpoint: file("/cache/moco.pth"), ...clip }),
      result({ checkpoint: file("/cache/byol.pth"), ...imagenet }),
    ],
  }]);
  assertEquals(table!.rows.map(({ name }) => name), [
    "published (moco.pth)",
    "published (moco.pth, CLIP statistics)",
    "published (byol.pth)",
  ]);
});

Deno.test("resultsTables() has a table for each pair of data sets, and a row for each network", () => {
  const knn = result({
    protocol: "knn",
    name: "kNN k=20 T=0.07",
    figures: { top1: 0.6, top5: 0.8 },
  });
  const held = { data: "train", samples: 20, skipped: 0, heldOut: 0.2 };
  const later = result({ figures: { top1: 0.5, top5: 0.6 }, at: "2026-12-01T00:00:00.000Z" });
  const tables = resultsTables([
    { run: "a", results: [later, result(), knn, result({ encoder: "momentum", seed: 3 })] },
    { run: "b", results: [knn, result({ test: held })] },
  ]);
  assertEquals(tables, [
    {
      title: "val by train; 10 classes, chance 10.00 / 50.00",
      columns: ["linear A (lars)", "kNN k=20 T=0.07"],
      rows: [
        // Of several by one name, such as by another recipe of that name, the latest is shown.
        { name: "a (step 5)", cells: ["50.00 / 60.00", "60.00 / 80.00"] },
        { name: "a (step 5, momentum encoder, seed 3)", cells: ["71.23 / 90.00", undefined] },
        { name: "b (step 5)", cells: [undefined, "60.00 / 80.00"] },
      ],
    },
    {
      title: "20.00 % of each class of train by the others; 10 classes, chance 10.00 / 50.00",
      columns: ["linear A (lars)"],
      rows: [{ name: "b (step 5)", cells: ["71.23 / 90.00"] }],
    },
  ]);
});
