import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { datasetOf } from "../../../core/data/mod.ts";
import { resolveConfiguration } from "../../../core/method/resolve_configuration.ts";
import { comparisonSection, scorePixels } from "../../../core/report/mod.ts";

/** Plain images of two classes, each in two shades that have one identity. */
function shades(name: string, shift: number, identified: boolean) {
  return datasetOf(name, 8, (i) => ({
    key: String(i),
    label: i % 2,
    ...(identified && { identity: String(i) }),
    source: {
      kind: "rendered" as const,
      name: `${name}/${i}`,
      render: () => {
        const data = Uint8Array.from(
          { length: 192 },
          (_, at) => at % 3 === i % 2 ? 200 + shift : 20 * (i >> 1),
        );
        return Promise.resolve({ width: 8, height: 8, data });
      },
    },
  }), ["red", "green"]);
}

/** Scores by pixels, which stand for those of any network here. */
async function scoresOf(identified: boolean) {
  const configuration = resolveConfiguration({ imageSize: 8, threads: 1 });
  const [bank, queries] = [shades("bank", 0, identified), shades("queries", 9, identified)];
  return await scorePixels({ configuration, bank, queries });
}

/** Scores whose nearest neighbours are right so often. */
function withKnn(scores: Awaited<ReturnType<typeof scoresOf>>, top1: number) {
  return { ...scores, features: { ...scores.features, knn: { ...scores.features.knn, top1 } } };
}

const WORDS = { title: "Pairs", text: "Of two runs." };

Deno.test("comparisonSection() draws runs together and says what the last has more than the first", async () => {
  const scores = await scoresOf(true);
  assert(scores.features.retrieval !== undefined);
  const run = (name: string, ends: number[]) => ({
    name,
    epochs: ends.map((knnTop1, epoch) => ({ step: epoch, epoch, knnTop1, recallAt1: knnTop1 / 2 })),
    scores: withKnn(scores, ends.at(-1)!),
  });
  const section = await comparisonSection({
    runs: [run("ordinary pairs", [0.2, 0.5]), run("generated pairs", [0.2, 0.375])],
    initial: withKnn(scores, 0.2),
    pixels: withKnn(scores, 0.25),
    queries: "shades",
  }, WORDS);
  assertEquals(section.figures!.length, 2);
  assertEquals(
    section.figures![0]!.alt,
    "Nearest neighbours after each epoch: ordinary pairs 50.0 %, generated pairs 37.5 % at the end; untrained " +
      "20.0 %, raw pixels 25.0 %.",
  );
  assertStringIncludes(
    section.text!,
    "Of two runs.\n\nWith generated pairs: 37.5 % of shades given the right class by nearest neighbours (−12.5 points " +
      "from the 50.0 % of ordinary pairs); ",
  );
  const [table] = section.tables!;
  assertEquals(table!.columns, ["", "Nearest neighbours", "Linear probe", "Counterpart first"]);
  assertEquals(table!.rows.map(([name, knn]) => [name, knn]), [
    ["chance", "50.0 %"],
    ["raw pixels", "25.0 %"],
    ["untrained", "20.0 %"],
    ["ordinary pairs", "50.0 %"],
    ["generated pairs", "37.5 %"],
    ["generated pairs less ordinary pairs", "−12.5 points"],
  ]);
});

Deno.test("comparisonSection() leaves out what was not logged, and images without counterparts", async () => {
  const scores = await scoresOf(false);
  const runs = [{ name: "alone", epochs: [{ step: 0, epoch: 0 }, { step: 1, epoch: 1 }], scores }];
  const section = await comparisonSection({
    ...{ runs, initial: scores, pixels: scores, queries: "shades" },
  }, WORDS);
  assertEquals([section.figures, section.text], [[], "Of two runs."]);
  assertEquals(section.tables![0]!.columns, ["", "Nearest neighbours", "Linear probe"]);
  assertEquals(section.tables![0]!.rows.length, 4);
});
