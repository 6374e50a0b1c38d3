import { assert, assertEquals, assertThrows } from "@std/assert";
import { chosenCells, PAIR_CELLS, rivalOf } from "../../bench/pairs_cells.ts";
import { levelsOf } from "../../bench/pairs_generated.ts";
import {
  INITIAL,
  type PairResult,
  pairRows,
  pairsChart,
  pairsTable,
  PIXELS,
  type SeedScores,
} from "../../bench/pairs_table.ts";
import { pngSize } from "../../core/plot/mod.ts";

function scores(seed: number, knnTop1: number): SeedScores {
  return { seed, knnTop1, probeTop1: 0.5, recallAt1: 0.25 };
}

const RESULTS: readonly PairResult[] = [
  { name: "ordinary", scores: [scores(0, 0.5), scores(1, 0.6)] },
  // Of a sweep that was stopped.
  { name: "generated", scores: [scores(1, 0.7)] },
  { name: "level-0", scores: [] },
  { name: INITIAL, scores: [scores(0, 0.2), scores(1, 0.2)] },
  { name: PIXELS, scores: [scores(0, 0.3)] },
];

Deno.test("pairsTable() has means, deviations, and differences seed by seed", () => {
  assertEquals(
    pairsTable(pairRows(RESULTS)),
    [
      "| pairs | seeds | kNN | linear probe | retrieval | less | kNN, difference | linear probe, difference | retrieval, difference |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
      "| ordinary | 2 | 55.0 ± 7.1 | 50.0 ± 0.0 | 25.0 ± 0.0 |  |  |  |  |",
      "| generated | 1 | 70.0 | 50.0 | 25.0 | ordinary | +10.0 | +0.0 | +0.0 |",
      "| random initialisation | 2 | 20.0 ± 0.0 | 50.0 ± 0.0 | 25.0 ± 0.0 |  |  |  |  |",
      "| raw pixels | 1 | 30.0 | 50.0 | 25.0 |  |  |  |  |",
    ].join("\n"),
  );
});

Deno.test("pairsChart() draws seeds that are done", async () => {
  const { width, height } = pngSize(await pairsChart(RESULTS));
  assert(width > 600 && height > 300, `${width} x ${height}`);
});

Deno.test("chosenCells() takes cells, groups and all of them, in the order of the table", () => {
  const names = (text: string) => chosenCells(text).map(({ name }) => name);
  assertEquals(names("share-0.5,main,ordinary"), [
    "ordinary",
    "ideal",
    "generated",
    "generated+weights",
    "share-0.5",
  ]);
  assertEquals(names("all"), Object.keys(PAIR_CELLS));
  assertThrows(() => chosenCells("generatd"), TypeError, 'Cannot compare "generatd"');
});

Deno.test("every cell is compared with one that there is, but ordinary itself", () => {
  for (const name of Object.keys(PAIR_CELLS)) {
    const rival = rivalOf(name);
    assertEquals(rival === undefined, name === "ordinary", name);
    if (rival !== undefined) assert(Object.hasOwn(PAIR_CELLS, rival), `${name}: ${rival}`);
  }
  assertEquals(rivalOf("generated-area-0.6"), "ordinary-area-0.6");
});

Deno.test("levelsOf() gives each image the level of its ratio, or all of them one", () => {
  const levels = new Map([[0, ["a/1.png"]], [200, ["a/0.png"]]]);
  assertEquals(levelsOf({}, { levels }), levels);
  assertEquals([...levelsOf({ level: 100 }, { levels })], [[100, ["a/1.png", "a/0.png"]]]);
});
