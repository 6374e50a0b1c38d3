import { assertEquals } from "@std/assert";
import { Arena } from "../../../../../core/engine/ort/memory/arena.ts";

const KIB = 1024;

Deno.test("Arena grows by whole granules, and gives what was given back again", () => {
  const arena = new Arena();
  const first = arena.take(1);
  assertEquals([first.size, arena.bytes], [256, 256]);
  arena.release(first);
  assertEquals(arena.take(200), first);
  assertEquals(arena.bytes, 256);
});

Deno.test("Arena takes the smallest block that is large enough, and splits one of twice the size", () => {
  const arena = new Arena();
  const [large, medium] = [arena.take(64 * KIB), arena.take(6 * KIB)];
  arena.release(large);
  arena.release(medium);
  // Less than twice: the whole block is handed out.
  assertEquals(arena.take(4 * KIB).size, 6 * KIB);
  assertEquals(arena.take(4 * KIB).size, 4 * KIB);
  assertEquals(arena.take(60 * KIB).size, 60 * KIB);
  assertEquals(arena.bytes, 70 * KIB);
});

Deno.test("Arena joins free neighbours of one region, but not regions", () => {
  const arena = new Arena();
  const whole = arena.take(64 * KIB);
  arena.release(whole);
  const parts = [16, 16, 16, 16].map((size) => arena.take(size * KIB));
  for (const i of [0, 2, 1, 3]) arena.release(parts[i]!);
  assertEquals(arena.take(64 * KIB).size, 64 * KIB);
  assertEquals(arena.bytes, 64 * KIB);
  const others = [arena.take(32 * KIB), arena.take(32 * KIB)];
  for (const other of others) arena.release(other);
  arena.take(64 * KIB);
  assertEquals(arena.bytes, 192 * KIB);
});
