import { assert, assertEquals, assertThrows } from "@std/assert";
import { datasetOf, fileSource } from "../../../../core/data/dataset_of.ts";
import {
  type EvaluationBatch,
  evaluationLoader,
} from "../../../../core/data/loader/evaluation_loader.ts";
import type { LoaderOptions } from "../../../../core/data/loader/options.ts";
import { evaluationView } from "../../../../core/data/views/presets.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";

const FIXTURES = new URL("../../../../fixtures/", import.meta.url).pathname;
const NAMES = ["rgb.png", "truncated.jpg", "photo.jpg", "gray.png", "portrait.jpg"];
const RECIPE = { ...evaluationView(32), shorterSide: 36 };

const dataset = datasetOf("fixtures", NAMES.length, (index) => ({
  key: String(index),
  source: fileSource(`${FIXTURES}images/${NAMES[index]}`),
  ...(index > 0 && { label: index }),
}));

async function collect(options: Partial<LoaderOptions> = {}): Promise<EvaluationBatch[]> {
  const batches: EvaluationBatch[] = [];
  for await (const batch of evaluationLoader(dataset, RECIPE, { batchSize: 2, ...options })) {
    batches.push(batch);
  }
  return batches;
}

Deno.test("evaluationLoader() gives every readable sample once and in order", async () => {
  const warnings: string[] = [];
  const batches = await collect({ onWarning: (message) => void warnings.push(message) });
  assertEquals(batches.map(({ indices }) => [...indices]), [[0], [2, 3], [4]]);
  assertEquals(batches.map(({ labels }) => [...labels.data]), [[-1n], [2n, 3n], [4n]]);
  assertEquals(batches.map(({ images }) => images.shape[0]), [1, 2, 1]);
  assertEquals(warnings.length, 1);
  assert(warnings[0]!.includes("truncated.jpg"));
});

Deno.test("evaluationLoader() says why a file gives no bytes", async () => {
  const paths = ["nothing.png", "", "rgb.png/a.png"];
  const files = datasetOf("files", paths.length, (index) => ({
    key: String(index),
    source: fileSource(`${FIXTURES}images/${paths[index]}`),
  }));
  const unreadable = new Map<string, string>();
  for await (const _ of evaluationLoader(files, RECIPE, { batchSize: 3, unreadable })) continue;
  const reasons = paths.map((path) => unreadable.get(`${FIXTURES}images/${path}`));
  assertEquals(reasons, ["no such file", "a folder", "a path through a file"]);
});

Deno.test("evaluationLoader() gives torchvision's pixels", async () => {
  const { tensors } = await readSafetensors(`${FIXTURES}golden/view_geometry.safetensors`);
  const [, batch] = await collect();
  const expected = tensors.get("evaluation/photo/36/32")!;
  assertEquals(batch!.images.data.subarray(0, 32 * 32 * 3), expected.data);
});

Deno.test("evaluationLoader() gives the same with workers, and from a later batch on", async () => {
  const expected = await collect();
  assertEquals(await collect({ workers: 2 }), expected);
  assertEquals(await collect({ startBatch: 1 }), expected.slice(1));
  assertEquals(evaluationLoader(dataset, RECIPE, { batchSize: 2, startBatch: 1 }).length, 2);
});

Deno.test("evaluationLoader() rejects a recipe that does not fit", () => {
  assertThrows(
    () => evaluationLoader(dataset, { ...RECIPE, shorterSide: 30 }, { batchSize: 2 }),
    TypeError,
    "shorterSide must be at least the size 32, found 30",
  );
});
