import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Dataset, datasetOf, evaluationView } from "../../../core/data/mod.ts";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { weightedKnn } from "../../../core/evaluate/weighted_knn.ts";
import { pngSize } from "../../../core/plot/png_size.ts";
import { neighboursSection } from "../../../core/report/neighbours_section.ts";

/** Plain images that show a thing each. */
function things(name: string, count: number): Dataset {
  return datasetOf(name, count, (i) => ({
    key: String(i),
    label: i % 2,
    identity: String(i),
    source: {
      kind: "rendered" as const,
      name: `${name}/${i}`,
      render: () => Promise.resolve({ width: 8, height: 8, data: new Uint8Array(192).fill(9 * i) }),
    },
  }), ["even", "odd"]);
}

const [BANK, QUERIES] = [things("bank", 10), things("queries", 4)];

/** Scores of a network that turns each thing by an angle. */
async function scoresOf(angle: (i: number) => number, queries = 4) {
  const features = (count: number, shift: number) => {
    const rows = Array.from({ length: count }, (_, i) => i);
    const data = rows.flatMap((i) => [Math.cos(angle(i) + shift), Math.sin(angle(i) + shift)]);
    const labels = Int32Array.from(rows, (i) => i % 2);
    return { features: float32([count, 2], data), labels, indices: rows, skipped: 0 };
  };
  const [bank, own] = [features(10, 0), features(queries, 0.01)];
  return { bank, queries: own, knn: await weightedKnn(bank, own, { k: 3 }) };
}

Deno.test("neighboursSection() shows what each network finds, one below the other", async () => {
  const networks = [
    { name: "blind", scores: await scoresOf(() => 0) },
    { name: "seeing", scores: await scoresOf((i) => 0.3 * i) },
  ];
  const view = evaluationView(8);
  const section = await neighboursSection(networks, BANK, QUERIES, view, { neighbours: 1 });
  const [figure] = section.figures!;
  // All are alike to the blind one, so that the first of the bank is the nearest of each.
  assert(figure!.alt.endsWith("these show the same thing: 1 blind, 4 seeing"), figure!.alt);
  const one = await neighboursSection(networks.slice(1), BANK, QUERIES, view, { shown: 2 });
  const [alone] = one.figures!;
  assert(alone!.alt.startsWith("2 queries with 3 neighbours each"), alone!.alt);
  assert(alone!.alt.endsWith("the same thing: 2"), alone!.alt);
  assert("png" in figure! && "png" in alone!);
  assert(pngSize(figure.png).height > 3 * pngSize(alone.png).height);
});

Deno.test("neighboursSection() refuses networks that were evaluated on different queries", async () => {
  const networks = [
    { name: "first", scores: await scoresOf((i) => i) },
    { name: "second", scores: await scoresOf((i) => i, 3) },
  ];
  const view = evaluationView(8);
  await assertRejects(
    () => neighboursSection(networks, BANK, QUERIES, view),
    TypeError,
    "found 4 of first and 3 of second",
  );
  await assertRejects(() => neighboursSection([], BANK, QUERIES, view), TypeError, "no network");
  assertEquals(networks.length, 2);
});
