import { assertEquals } from "@std/assert";
import { datasetOf, fileSource, spreadSamples } from "../../../core/data/mod.ts";

function dataset(labels: readonly (number | undefined)[]) {
  return datasetOf("d", labels.length, (i) => {
    const label = labels[i];
    const key = `${i}.jpg`;
    return { key, source: fileSource(key), ...(label !== undefined && { label }) };
  });
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("spreadSamples() takes as many of every class as there are, and spreads over more classes than it takes", () => {
  const sorted = dataset([0, 0, 0, 0, 0, 0, 1, 2, 2, 2]);
  assertEquals(spreadSamples(sorted, upTo(10), 3), [3, 6, 8]);
  assertEquals(spreadSamples(sorted, upTo(10), 6), [1, 4, 6, 7, 8, 9]);
  const many = dataset(upTo(100));
  assertEquals(spreadSamples(many, upTo(100), 4), [12, 37, 62, 87]);
});

Deno.test("spreadSamples() takes all where there are no more, none where none is asked for, and evenly without labels", () => {
  const bare = dataset(Array(9).fill(undefined));
  assertEquals(spreadSamples(bare, upTo(9), 3), [1, 4, 7]);
  assertEquals(spreadSamples(bare, [2, 5], 3), [2, 5]);
  assertEquals(spreadSamples(bare, upTo(9), 0), []);
});
