import { assert, assertEquals, assertRejects } from "@std/assert";
import { datasetOf, evaluationRecipe, IMAGENET_NORMALIZATION } from "../../../core/data/mod.ts";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { maskSection } from "../../../core/report/mask_section.ts";

const SIZE = 8;

/** Images whose left half is foreground; without masks if they are not to have any. */
function halves(count: number, masked = true) {
  const data = new Uint8Array(SIZE * SIZE * 3).fill(90);
  const mask = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => i % SIZE < SIZE / 2 ? 255 : 0);
  const image = { width: SIZE, height: SIZE, data, ...(masked && { mask }) };
  return datasetOf("halves", count, (index) => ({
    key: String(index),
    source: { kind: "rendered", name: `half ${index}`, render: () => Promise.resolve(image) },
  }));
}

const view = evaluationRecipe(SIZE, IMAGENET_NORMALIZATION);
const grid = [2, 2] as const;

Deno.test("maskSection() compares masks with the truth, with chance, and with the middle", async () => {
  // Rows of tokens, left before right: the left ones score above the threshold.
  const scores = float32([3, 4], [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0]);
  const { section, comparison } = await maskSection({
    analysis: { scores, threshold: 0.5 },
    dataset: halves(3),
    view,
    grid,
    shown: 2,
  });
  assert(Math.abs(comparison.masks.intersectionOverUnion - (1 + 1 + 0.5) / 3) < 1e-6);
  const [table] = section.tables!;
  assertEquals(table!.rows.map(([name]) => name), [
    "principal component",
    "by chance, as many tokens",
    "square in the middle, as many tokens",
  ]);
  assertEquals(table!.rows[0]![1], "0.833");
  assertEquals(section.figures![0]!.alt, "2 images with their true and their found masks");
});

Deno.test("maskSection() refuses images without masks", async () => {
  const scores = float32([1, 4], [1, 0, 1, 0]);
  await assertRejects(
    () =>
      maskSection({
        analysis: { scores, threshold: 0.5 },
        dataset: halves(1, false),
        view,
        grid,
      }),
    TypeError,
    "Cannot load masks: every sample of the data set must have one",
  );
});
