import { assertEquals } from "@std/assert";
import { linesOf, splitLines } from "../../../core/files/lines.ts";

/** A stream that gives a text's bytes in pieces. */
function inPieces(text: string, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
  return ReadableStream.from(pieces);
}

Deno.test("linesOf() joins lines and letters that the pieces of a stream cut", async () => {
  const text = "größer\n\nzwei 🙂\ndrei";
  for (const size of [1, 2, 3, 100]) {
    const lines = await Array.fromAsync(linesOf(inPieces(text, size)));
    assertEquals(lines, ["größer\n", "\n", "zwei 🙂\n", "drei"]);
  }
  assertEquals(await Array.fromAsync(linesOf(inPieces("a\n", 1))), ["a\n"]);
  assertEquals(await Array.fromAsync(linesOf(inPieces("", 1))), []);
});

Deno.test("splitLines() takes both kinds of line breaks, and drops the mark of the byte order", () => {
  assertEquals(splitLines("\uFEFFa\r\n\nb\n"), ["a", "", "b", ""]);
});
