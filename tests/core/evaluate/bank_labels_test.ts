import { assertEquals, assertThrows } from "@std/assert";
import { datasetOf } from "../../../core/data/mod.ts";
import { bankLabels } from "../../../core/evaluate/bank_labels.ts";
import { colored, colors } from "./colored_images.ts";

Deno.test("bankLabels() tells classes apart by name where both sets name them", () => {
  const bank = colors("bank", ["blue", "green", "red"]);
  assertEquals([...bankLabels(bank, colors("queries", ["green", "red"]))], [[0, 1], [1, 2]]);
  assertEquals([...bankLabels(bank, bank)], [[0, 0], [1, 1], [2, 2]]);
});

Deno.test("bankLabels() tells classes apart by number where one set does not name them", () => {
  const [named, numbered] = [true, false].map((named) =>
    colors("some", ["green", "red"], { named })
  );
  for (const [bank, queries] of [[named, numbered], [numbered, named], [numbered, numbered]]) {
    assertEquals([...bankLabels(bank!, queries!)], [[0, 0], [1, 1]]);
  }
});

Deno.test("bankLabels() names the classes that a bank lacks, and what has no label", () => {
  const bank = colors("bank", ["blue", "red"]);
  assertThrows(
    () => bankLabels(bank, colors("queries", ["green", "red", "yellow"])),
    TypeError,
    'Cannot evaluate "queries" by "bank": each of its classes must be one of the 2 there, ' +
      'found "green", "yellow"',
  );
  const many = colors("queries", ["a", "b", "blue", "c", "d", "e", "f"], { named: false });
  assertThrows(() => bankLabels(bank, many), TypeError, "found 2, 3, 4, 5, 6");
  const unlabelled = datasetOf("loose", 1, () => ({
    key: "a.png",
    source: colored("a.png", [0, 0, 0]),
  }));
  for (const pair of [[unlabelled, bank], [bank, unlabelled]] as const) {
    assertThrows(
      () => bankLabels(...pair),
      TypeError,
      'Cannot evaluate on "loose": every image must have a label',
    );
  }
});
