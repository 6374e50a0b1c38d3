import { assertEquals, assertThrows } from "@std/assert";
import { formatRatioLine, parseRatioLines } from "../../../core/noise/ratio_lines.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_thresholds.safetensors", import.meta.url);

Deno.test("formatRatioLine() writes numbers as Python does", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  for (const tokens of [49, 196, 256]) {
    const ratios = tensors.get(`ratios/${tokens}`)!.data as Float32Array;
    const texts = new TextDecoder().decode(tensors.get(`texts/${tokens}`)!.data as Uint8Array);
    const lines = Array.from(ratios, (ratio) => formatRatioLine({ path: "a", ratio }));
    assertEquals(lines, texts.split("\n").map((text) => `a ${text}`));
  }
});

Deno.test("parseRatioLines() reads what formatRatioLine() writes, spaces in paths included", () => {
  const ratios = [
    { path: "/data/a cat  12.jpg", ratio: Math.fround(37 / 196) },
    { path: "b.jpg", ratio: 0 },
    { path: "photo 1 0.5", ratio: 1 },
  ];
  const text = ratios.map((ratio) => `${formatRatioLine(ratio)}\n`).join("");
  assertEquals(parseRatioLines(text), { ratios, malformed: [] });
  assertEquals(parseRatioLines(text.replaceAll("\n", "\r\n")).ratios, ratios);
});

Deno.test("parseRatioLines() gives the numbers of malformed lines, and what is wrong", () => {
  const { ratios, malformed } = parseRatioLines(
    "a.jpg 0.5\n\nb.jpg\nc.jpg half\nd.jpg 1.5\ne.jpg nan\nf.jpg 1e-05\ng.jpg 0x1\n",
  );
  assertEquals(ratios.map(({ path }) => path), ["a.jpg", "f.jpg"]);
  assertEquals(malformed.map(({ line }) => line), [3, 4, 5, 6, 8]);
  assertEquals(malformed[1]!.problem, 'its ratio must be a number in [0, 1], found "half"');
});

Deno.test("formatRatioLine() refuses paths that could not be read again", () => {
  for (const path of ["a\nb.jpg", "a ", ""]) {
    assertThrows(() => formatRatioLine({ path, ratio: 0 }), TypeError, "a path must be one line");
  }
});
