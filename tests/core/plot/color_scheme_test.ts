import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sharp } from "../../../core/deps/sharp.ts";
import { lineChart } from "../../../core/plot/line_chart.ts";
import { histogram } from "../../../core/plot/histogram.ts";
import { toPng } from "../../../core/plot/png.ts";
import {
  BAND,
  COLORS,
  DARK_COLORS,
  FADED_INK,
  GRID,
  INK,
  NEUTRAL_INK,
  PAPER,
} from "../../../core/plot/theme.ts";

/** How much light a colour gives off, from 0 to 1 (WCAG 2.2). */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** Contrast of two colours, from 1 to 21 (WCAG 2.2). */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

const chart = () =>
  lineChart({
    title: "Loss",
    xLabel: "step",
    yLabel: "loss",
    series: [{ name: "a", points: [[0, 1], [1, 2]] }],
    bands: [{ low: 1, high: 1.5, label: "healthy" }],
    rules: [{ value: 2, label: "chance" }],
  });

Deno.test("every colour of a figure has a dark counterpart", async () => {
  const bars = await histogram({
    title: "Ratios",
    xLabel: "ratio",
    samples: [{ name: "a", values: [0, 1] }, { name: "b", values: [0, 1] }],
    marks: [{ value: 0.5, label: "half" }],
  });
  for (const svg of [await chart(), bars]) {
    const [style, drawing] = [
      /<style>.*?<\/style>/.exec(svg)![0],
      svg.replace(/<style>.*?<\/style>/, ""),
    ];
    assertStringIncludes(style, "@media (prefers-color-scheme: dark)");
    const colors = drawing.matchAll(/ (?:fill|stroke)="([^"]*)"/g);
    for (const color of new Set([...colors].map((match) => match[1]!))) {
      if (color === "none" || color === "transparent") continue;
      assert(color in DARK_COLORS, `${color} has no dark counterpart`);
      assertStringIncludes(style, `[stroke="${color}"]{stroke:${DARK_COLORS[color]}}`);
    }
  }
});

Deno.test("text and curves stand out from dark paper as they do from light", () => {
  const paper = DARK_COLORS[PAPER]!;
  for (const color of [INK, FADED_INK]) assert(contrast(DARK_COLORS[color]!, paper) > 4.5, color);
  for (const color of COLORS) assert(contrast(DARK_COLORS[color]!, paper) > 4.5, color);
  for (const page of [PAPER, paper]) assert(contrast(NEUTRAL_INK, page) > 4.1, page);
  for (const color of [GRID, BAND]) assert(contrast(DARK_COLORS[color]!, paper) > 1.2, color);
});

Deno.test("toPng() keeps a figure light, for files that follow no page", async () => {
  const { data } = await sharp(await toPng(await chart())).removeAlpha().raw()
    .toBuffer({ resolveWithObject: true });
  assertEquals([...data.subarray(0, 3)], [255, 255, 255]);
});
