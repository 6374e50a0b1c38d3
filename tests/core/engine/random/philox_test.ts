import { assertEquals } from "@std/assert";
import { philox4x32 } from "../../../../core/engine/random/philox.ts";

type Words = readonly [number, number, number, number];

/** Known answers of Random123 (tests/kat_vectors): counter, key and result. */
const KNOWN: readonly (readonly [Words, readonly [number, number], Words])[] = [
  [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

Deno.test("philox4x32() gives the words that Random123 gives", () => {
  for (const [counter, key, expected] of KNOWN) {
    const words = new Uint32Array(4);
    philox4x32(counter, key, words);
    assertEquals([...words], [...expected]);
  }
});
