import { assertEquals } from "@std/assert";
import { rankPart } from "../../../core/distributed/mod.ts";

Deno.test("rankPart() divides everything once, in order, at the bounds of batches", () => {
  for (const [length, size, batchSize] of [[100, 3, 8], [5, 4, 16], [0, 2, 4], [64, 4, 16]]) {
    const parts = Array.from(
      { length: size! },
      (_, rank) => rankPart(length!, { rank, size: size! }, batchSize),
    );
    assertEquals(parts[0]!.start, 0);
    assertEquals(parts.at(-1)!.end, length);
    parts.slice(1).forEach(({ start }, i) => assertEquals(start, parts[i]!.end));
    for (const { end } of parts) assertEquals(end === length || end % batchSize! === 0, true);
    const batches = parts.map(({ start, end }) => Math.ceil((end - start) / batchSize!));
    assertEquals(Math.max(...batches) - Math.min(...batches) <= 1, true);
  }
});

Deno.test("rankPart() gives all to who is alone", () => {
  assertEquals(rankPart(7, undefined, 2), { start: 0, end: 7 });
});
