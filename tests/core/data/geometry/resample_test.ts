import { assertEquals } from "@std/assert";
import { axisWeights } from "../../../../core/data/geometry/axis_weights.ts";
import { resample, type RgbWindow } from "../../../../core/data/geometry/resample.ts";

const same = (length: number) =>
  axisWeights({ length, from: 0, to: length, size: length, first: 0, count: length }, "bilinear");
const HALVED = axisWeights({ length: 4, from: 0, to: 4, size: 2, first: 0, count: 2 }, "bilinear");
const DOUBLED = axisWeights({ length: 4, from: 0, to: 4, size: 8, first: 0, count: 8 }, "bicubic");

const grey = (values: readonly number[]) => values.flatMap((value) => [value, value, value]);

/** The image of whole values of pixels, in rows. */
function image(rows: readonly (readonly number[])[]): RgbWindow {
  const [width, height] = [rows[0]!.length, rows.length];
  const data = new Uint8Array(rows.flatMap(grey));
  return { data, offset: 0, pitch: 3 * width, width, height };
}

Deno.test("resample() reads a window, and mirrors it if told so", () => {
  // Two rows of two pixels within rows of three, after one pixel.
  const data = new Uint8Array([9, 9, 9, 1, 2, 3, 4, 5, 6, 9, 9, 9, 7, 8, 9, 10, 11, 12]);
  const window = { data, offset: 3, pitch: 9, width: 2, height: 2 };
  const target = new Uint8Array(14);
  resample(window, same(2), same(2), false, target, 1);
  assertEquals([...target], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0]);
  resample(window, same(2), same(2), true, target, 1);
  assertEquals([...target], [0, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9, 0]);
});

Deno.test("resample() weights by the triangle along both axes, and rounds", () => {
  const across = new Uint8Array(6);
  resample(image([[0, 70, 140, 210]]), HALVED, same(1), false, across, 0);
  // At the border the triangle's outer tap is missing: (3*0 + 3*70 + 140) / 7 = 50.
  assertEquals([...across], grey([50, 160]));
  const down = new Uint8Array(12);
  resample(image([[0, 1], [70, 71], [140, 141], [210, 211]]), same(2), HALVED, false, down, 0);
  assertEquals([...down], grey([50, 51, 160, 161]));
});

Deno.test("resample() clamps what the cubic overshoots, along both axes alike", () => {
  const across = new Uint8Array(24);
  resample(image([[0, 0, 255, 255]]), DOUBLED, same(1), false, across, 0);
  assertEquals([across[6], across[15]], [0, 255]);
  const down = new Uint8Array(24);
  resample(image([[0], [0], [255], [255]]), same(1), DOUBLED, false, down, 0);
  assertEquals([...down], [...across]);
});

Deno.test("resample() of large images after small ones grows its memory", () => {
  const [small, large] = [2, 700].map((length) => {
    const rows = Array.from({ length }, (_, y) => Array.from({ length }, (_, x) => (x + y) % 256));
    const target = new Uint8Array(3 * length * length);
    resample(image(rows), same(length), same(length), false, target, 0);
    return { given: rows.flatMap(grey), target };
  }) as [Result, Result];
  assertEquals([...small.target], small.given);
  assertEquals([...large.target], large.given);
});

interface Result {
  readonly given: number[];
  readonly target: Uint8Array;
}
