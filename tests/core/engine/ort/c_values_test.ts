import { assertEquals, assertThrows } from "@std/assert";
import {
  cPath,
  cShape,
  cString,
  cStrings,
  outWord,
  pointerIn,
  readString,
} from "../../../../core/engine/ort/c_values.ts";

Deno.test("cString() ends every text with a zero, whatever its letters take", () => {
  assertEquals(cString("aé漢😀"), new TextEncoder().encode("aé漢😀\0"));
  assertEquals(cString(""), Uint8Array.of(0));
});

Deno.test("cPath() is UTF-16 on Windows and UTF-8 elsewhere", () => {
  assertEquals(cPath("aé", "windows"), Uint8Array.of(0x61, 0, 0xe9, 0, 0, 0));
  assertEquals(cPath("aé", "linux"), Uint8Array.of(0x61, 0xc3, 0xa9, 0));
});

Deno.test("cStrings() holds addresses of the texts, in order", () => {
  const { addresses } = cStrings(["first", "zweiter"]);
  const texts = Array.from(addresses, (address) => {
    const word = outWord();
    word[0] = address;
    return readString(pointerIn(word));
  });
  assertEquals(texts, ["first", "zweiter"]);
});

Deno.test("cShape() writes lengths of 64 bits", () => {
  assertEquals(cShape([3, 2 ** 40]), BigInt64Array.of(3n, 2n ** 40n));
});

Deno.test("pointerIn() refuses a null pointer", () => {
  assertThrows(() => pointerIn(outWord()), Error, "Internal:");
});
