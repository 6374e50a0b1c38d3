import { assert, assertEquals } from "@std/assert";
import { type EndLabel, endLabelLayers, endLabelWidth } from "../../../core/plot/end_labels.ts";

const LABEL: EndLabel = { place: 0.5, lines: ["SimCLR"], color: "#0072b2", kind: "series" };

Deno.test("endLabelWidth() is that of the widest line, and nothing without labels", () => {
  assertEquals(endLabelWidth([]), 0);
  const narrow = endLabelWidth([LABEL]);
  assert(narrow > 30);
  const wide = { ...LABEL, lines: ["SimCLR", "with generated views"] };
  assert(endLabelWidth([LABEL, wide]) > narrow + 50);
});

Deno.test("endLabelLayers() draws a sample and a text for each label, at its place", () => {
  const layers = endLabelLayers([LABEL, { ...LABEL, place: 0, kind: "rule" }], 500, 200);
  const places = layers.map(({ encoding }) => JSON.stringify(encoding?.y));
  assertEquals(places, ['{"value":100}', '{"value":100}', '{"value":1}', '{"value":1}']);
});

Deno.test("endLabelLayers() keeps labels of lines that end outside of the chart beside it", () => {
  const layers = endLabelLayers([{ ...LABEL, place: 7 }, { ...LABEL, place: -3 }], 500, 200);
  const heights = layers.map(({ encoding }) => (encoding?.y as { value: number }).value);
  for (const height of heights) assert(height >= -10 && height <= 210, `${height}`);
});
