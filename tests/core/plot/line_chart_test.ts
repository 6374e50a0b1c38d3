import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { Point } from "../../../core/plot/curve.ts";
import { type LineChart, lineChart } from "../../../core/plot/line_chart.ts";
import { COLORS } from "../../../core/plot/theme.ts";

const POINTS: readonly Point[] = [[0, 1], [1, 3], [2, 2]];

function chart(options: Partial<LineChart> = {}): LineChart {
  return {
    title: "Loss",
    xLabel: "step",
    yLabel: "NT-Xent",
    series: [{ name: "loss", points: POINTS }],
    ...options,
  };
}

/** Texts of an SVG with the middle of their height, from the top. */
function textsOf(svg: string): { text: string; x: number; y: number }[] {
  const found = svg.matchAll(
    /<text[^>]*transform="translate\(([-\d.]+),([-\d.]+)\)[^>]*>(.*?)<\/text>/g,
  );
  return [...found].map(([, x, y, text]) => ({
    text: text!.replaceAll(/<[^>]*>/g, " ").trim(),
    x: Number(x),
    y: Number(y),
  }));
}

Deno.test("lineChart() shows title, axis labels and ticks", async () => {
  const svg = await lineChart(chart());
  const texts = textsOf(svg).map(({ text }) => text);
  for (const text of ["Loss", "NT-Xent", "step", "1.0", "3.0"]) {
    assert(texts.includes(text), `${text} among ${texts}`);
  }
  assertMatch(svg, /^<svg xmlns=/);
  assert(!svg.includes("NaN") && !svg.includes("undefined"));
});

Deno.test("lineChart() has ticks at whole numbers of what is counted, and between them elsewhere", async () => {
  const ticks = async (points: readonly Point[]) =>
    textsOf(await lineChart(chart({ series: [{ name: "loss", points }], yRange: [100, 200] })))
      .map(({ text }) => text).filter((text) => /^[0-3](\.\d)?$/.test(text));
  assertEquals(await ticks(POINTS.map(([x]) => [x, 150])), ["0", "1", "2"]);
  const between = await ticks([[0, 150], [0.5, 150], [2, 150]]);
  assert(between.some((tick) => tick.includes(".")), between.join(" "));
});

Deno.test("lineChart() is the same each time", async () => {
  assertEquals(await lineChart(chart()), await lineChart(chart()));
});

Deno.test("lineChart() names several series at their ends, without overlaps", async () => {
  const series = Array.from({ length: 7 }, (_, i) => ({
    name: `method ${i}`,
    points: [[0, i], [10, 5 + i / 100]] as const,
  }));
  const labels = textsOf(await lineChart(chart({ series }))).filter(({ text }) =>
    text.startsWith("method")
  );
  assertEquals(labels.length, 7);
  labels.sort((a, b) => a.y - b.y);
  assertEquals(labels.map(({ text }) => text), [6, 5, 4, 3, 2, 1, 0].map((i) => `method ${i}`));
  labels.forEach(({ y }, i) => assert(i === 0 || y - labels[i - 1]!.y >= 15, `${y}`));
  assertEquals(textsOf(await lineChart(chart())).filter(({ text }) => text === "loss"), []);
});

Deno.test("lineChart() keeps all labels inside of the picture", async () => {
  const svg = await lineChart(chart({
    rules: [{ value: 3, label: "a rule with a very long name that has to be wrapped" }],
    bands: [{ low: 1, high: 1.2, label: "Incomprehensibilitiesandmorethanfits" }],
  }));
  const width = Number(/ width="(\d+)"/.exec(svg)![1]);
  assert(width > 700 && width < 760, `${width}`);
  for (const { x } of textsOf(svg)) assert(x < width - 30);
  assertStringIncludes(svg, "…");
});

Deno.test("lineChart() shows bands and rules even outside of the curves", async () => {
  const svg = await lineChart(chart({
    bands: [{ low: 8, high: 9, label: "expected" }],
    rules: [{ value: -4, label: "chance" }],
  }));
  const texts = textsOf(svg).map(({ text }) => text);
  for (const text of ["expected", "chance", "10", "−4"]) assert(texts.includes(text), `${texts}`);
  assertStringIncludes(svg, 'stroke-dasharray="4,3"');
});

Deno.test("lineChart() breaks a line where a value is missing", async () => {
  const points = Array.from({ length: 50 }, (_, i): Point => [i, i === 25 ? NaN : i]);
  const svg = await lineChart(chart({ series: [{ name: "loss", points }] }));
  const line = /<path aria-label="[^"]*"[^>]* d="([^"]*)" stroke="#0072b2"/.exec(svg)![1]!;
  assertEquals(line.match(/M/g)!.length, 2);
});

Deno.test("lineChart() keeps long curves small", async () => {
  const points = Array.from({ length: 100_000 }, (_, i): Point => [i, Math.sin(i * i)]);
  const svg = await lineChart(chart({ series: [{ name: "loss", points }], smoothing: 0.99 }));
  assert(svg.length < 200_000, `${svg.length}`);
});

Deno.test("lineChart() draws powers of ten on a logarithmic axis", async () => {
  const points: Point[] = [[0, 1e-6], [1, 3e-2]];
  const svg = await lineChart(chart({ series: [{ name: "rate", points }], yScale: "log" }));
  const texts = textsOf(svg).map(({ text }) => text);
  for (const text of ["1e-6", "1e-4", "1e-2"]) assert(texts.includes(text), `${texts}`);
  assert(!texts.includes("2e-4"));
});

Deno.test("lineChart() draws a single point and an empty series", async () => {
  const svg = await lineChart(chart({
    series: [{ name: "one", points: [[3, 0.5]] }, { name: "none", points: [] }],
  }));
  assert(!svg.includes("NaN"));
  assertStringIncludes(svg, COLORS[0]!);
});

Deno.test("lineChart() escapes markup in names", async () => {
  const svg = await lineChart(chart({ title: "<script>alert(1)</script> & more" }));
  assert(!svg.includes("<script"));
  assertStringIncludes(svg, "&lt;script&gt;");
});

Deno.test("lineChart() rejects what it cannot draw", async () => {
  const one = { name: "a", points: POINTS };
  const many = COLORS.map((name) => ({ name, points: POINTS }));
  assertThrows(() => lineChart(chart({ series: [] })), RangeError, "1 to 7 series, found 0");
  assertThrows(() => lineChart(chart({ series: [...many, one] })), RangeError, "found 8");
  assertThrows(() => lineChart(chart({ series: [one, one] })), TypeError, 'found "a" twice');
  for (const x of [-1, NaN, Infinity]) {
    const points: Point[] = [[0, 1], [x, 2]];
    assertThrows(
      () => lineChart(chart({ series: [{ name: "a", points }] })),
      RangeError,
      `x of series "a" must be finite and rise, found ${x} after 0`,
    );
  }
  const rules = [{ value: 0, label: "zero" }];
  assertThrows(() => lineChart(chart({ rules, yScale: "log" })), RangeError, "positive, found 0");
  await assertRejects(async () => await lineChart(chart({ smoothing: 1 })), RangeError, "found 1");
});
