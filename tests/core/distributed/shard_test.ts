import { assertEquals, assertThrows } from "@std/assert";
import {
  formatShard,
  parseShard,
  shareOf,
  subShard,
  WHOLE,
} from "../../../core/distributed/shard.ts";

const ITEMS = Array.from({ length: 23 }, (_, i) => i);

Deno.test("shareOf() gives each item to one shard, and shares that differ by one item at most", () => {
  for (const count of [1, 2, 5, 30]) {
    const shares = Array.from({ length: count }, (_, index) => shareOf(ITEMS, { index, count }));
    assertEquals(shares.flat().sort((a, b) => a - b), ITEMS);
    const lengths = shares.map(({ length }) => length);
    assertEquals(Math.max(...lengths) - Math.min(...lengths) <= 1, true);
  }
  assertEquals(shareOf(ITEMS, WHOLE), ITEMS);
});

Deno.test("subShard() is the share of a share", () => {
  for (const outer of [{ index: 0, count: 3 }, { index: 2, count: 3 }]) {
    for (const inner of [{ index: 0, count: 4 }, { index: 3, count: 4 }]) {
      assertEquals(
        shareOf(ITEMS, subShard(outer, inner)),
        shareOf(shareOf(ITEMS, outer), inner),
      );
    }
  }
});

Deno.test("parseShard() reads what formatShard() writes, and refuses others", () => {
  assertEquals(parseShard(formatShard({ index: 3, count: 8 })), { index: 3, count: 8 });
  for (const text of ["8/8", "0/0", "1", "-1/2", "1/2/3", "a/b"]) {
    assertThrows(() => parseShard(text), SyntaxError, `found "${text}"`);
  }
});
