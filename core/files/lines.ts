/**
 * Lines of files and streams.
 *
 * @module
 */

/**
 * Lines of a UTF-8 stream, each with its line break; the last has none where the stream does not end in one.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linesOf } from "./lines.ts";
 *
 * const stream = new Blob(["a\nb"]).stream();
 * assertEquals(await Array.fromAsync(linesOf(stream)), ["a\n", "b"]);
 * ```
 */
export async function* linesOf(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield `${line}\n`;
  }
  if (rest !== "") yield rest;
}

/**
 * Lines of a UTF-8 text, without line breaks of either kind and without the mark of its byte order, which editors on
 * Windows set before it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitLines } from "./lines.ts";
 *
 * assertEquals(splitLines("\uFEFFa\r\nb"), ["a", "b"]);
 * ```
 */
export function splitLines(text: string): string[] {
  return (text.startsWith("\uFEFF") ? text.slice(1) : text).split(/\r?\n/);
}
