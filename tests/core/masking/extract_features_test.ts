import { assert, assertEquals } from "@std/assert";
import { sampleIndices } from "../../../core/masking/mod.ts";

Deno.test("sampleIndices() draws by the seed, each once, in order", () => {
  const all = Array.from({ length: 100 }, (_, i) => 2 * i);
  const drawn = sampleIndices(all, 10, 1);
  assertEquals([drawn.length, new Set(drawn).size], [10, 10]);
  assertEquals(drawn, drawn.toSorted((a, b) => a - b));
  assertEquals(sampleIndices(all, 10, 1), drawn);
  assert(String(sampleIndices(all, 10, 2)) !== String(drawn));
  assertEquals(sampleIndices(all, 100, 1), all);
});
