import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { resolveConfiguration } from "../../../core/method/resolve_configuration.ts";
import { pairsSection } from "../../../core/report/pairs_section.ts";
import { inFolder } from "../../in_folder.ts";

/** Writes the logs of a run of two epochs of two steps. */
async function writeRun(folder: string): Promise<void> {
  const configuration = resolveConfiguration({ vis: 6, qualityEncoder: "runs/first" });
  const lines = (records: object[]) =>
    records.map((record) => JSON.stringify(record) + "\n").join("");
  const step = (step: number, similarity: number, weight: number) => ({
    step,
    foregroundSimilarity: similarity,
    backgroundSimilarity: similarity / 2,
    largestPairWeight: weight,
  });
  await Deno.writeTextFile(
    `${folder}/configuration.json`,
    JSON.stringify({ method: "simsiam", configuration }),
  );
  await Deno.writeTextFile(
    `${folder}/steps.jsonl`,
    lines([step(1, 0.5, 1.1), step(2, 0.7, 1.3), step(3, 0.7, 1.3), step(4, 0.9, 1.5)]),
  );
  const epochs = [{ step: 2, epoch: 1, knnTop1: 0.25 }, { step: 4, epoch: 2, knnTop1: 0.5 }];
  await Deno.writeTextFile(`${folder}/epochs.jsonl`, lines(epochs));
}

Deno.test("pairsSection() gives the means of a run, and the pairs of its last epoch", () =>
  inFolder(async (folder) => {
    await writeRun(folder);
    await assertRejects(
      () => pairsSection(folder),
      Deno.errors.NotFound,
      "pairs/epoch-1.png: there is no such file",
    );
    await Deno.mkdir(`${folder}/pairs`);
    await Deno.writeFile(`${folder}/pairs/epoch-1.png`, Uint8Array.of(1, 2));
    const { tables, figures, text } = await pairsSection(folder, "As long as the first.");
    assertEquals(tables![0]!.rows.map((row) => row[1]), ["0.700", "0.350", "1.300", "50.0 %"]);
    assertEquals((figures![0] as unknown as { png: Uint8Array }).png, Uint8Array.of(1, 2));
    assertStringIncludes(figures![0]!.alt, "The 6 pairs of most and least weight");
    assertStringIncludes(text!, "As long as the first.");
  }));
