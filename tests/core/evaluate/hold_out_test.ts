import { assert, assertEquals, assertThrows } from "@std/assert";
import { datasetOf } from "../../../core/data/mod.ts";
import { holdOut, holdOutRows } from "../../../core/evaluate/hold_out.ts";
import { colored, colors } from "./colored_images.ts";

Deno.test("holdOutRows() holds out a share of each class, the same for a seed", () => {
  const labels = Int32Array.from({ length: 150 }, (_, row) => row < 100 ? 0 : 60_000);
  const { kept, held } = holdOutRows(labels, { share: 0.2, seed: 3 });
  assertEquals(held.filter((row) => labels[row] === 0).length, 20);
  assertEquals(held.filter((row) => labels[row] === 60_000).length, 10);
  assertEquals([...kept, ...held].sort((a, b) => a - b), [...labels.keys()]);
  assertEquals(holdOutRows(labels, { share: 0.2, seed: 3 }).held, held);
  assert(holdOutRows(labels, { share: 0.2, seed: 4 }).held.join() !== held.join());
});

Deno.test("holdOutRows() keeps and holds out one of each class that has two", () => {
  for (const share of [0.01, 0.99]) {
    const { kept, held } = holdOutRows([0, 0, 1, 1, 2], { share });
    assertEquals([kept.length, held.length], [3, 2]);
    assert(kept.includes(4), "a single image of a class stays");
  }
  assertThrows(
    () => holdOutRows([0, 0], { share: 1 }),
    RangeError,
    "the held-out share must be in (0, 1), found 1",
  );
});

Deno.test("holdOut() splits a data set, and refuses one that cannot be split", () => {
  const [bank, queries] = holdOut(colors("some", ["green", "red"], { each: 5 }));
  assertEquals([bank.length, queries.length], [8, 2]);
  assertEquals(queries.classes, ["green", "red"]);
  assertEquals([0, 1].map((index) => queries.sample(index).label), [0, 1]);
  assertThrows(
    () => holdOut(colors("singles", ["green", "red"], { each: 1 })),
    TypeError,
    'Cannot hold out images of "singles": a class must have two or more, found one in each',
  );
  const source = colored("a.png", [0, 0, 0]);
  assertThrows(
    () => holdOut(datasetOf("loose", 1, () => ({ key: "a.png", source }))),
    TypeError,
    "every image must have a label",
  );
});
