import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { axisOf, checkNames, colorsOf } from "../../../core/plot/axes.ts";
import { COLORS } from "../../../core/plot/theme.ts";

Deno.test("axisOf() shows exactly its range", () => {
  const { scale, axis } = axisOf("x", "step", [3, 7]);
  assertEquals(scale, { type: "linear", domain: [3, 7], nice: false, zero: false });
  assertEquals(axis, {});
});

Deno.test("axisOf() puts ticks of a logarithmic axis at the powers of ten inside of it", () => {
  const { values = [] } = axisOf("y", null, [2e-4, 0.5], "log").axis;
  assertEquals(values.length, 3);
  values.forEach((value, i) => assertAlmostEquals(Math.log10(value), i - 3, 1e-12));
  assertEquals(axisOf("y", null, [1, 1000], "log").axis.values, [1, 10, 100, 1000]);
  assertEquals(axisOf("y", null, [2, 50], "log").axis, {});
});

Deno.test("colorsOf() gives names colours in their order", () => {
  assertEquals(colorsOf(["b", "a"]).scale, { domain: ["b", "a"], range: [...COLORS] });
});

Deno.test("checkNames() allows as many names as there are colours, each once", () => {
  checkNames("t", "series", COLORS);
  assertThrows(
    () => checkNames("t", "series", []),
    RangeError,
    'Cannot draw "t": it must have 1 to 7',
  );
  assertThrows(() => checkNames("t", "series", [...COLORS, "x"]), RangeError, "found 8");
  assertThrows(() => checkNames("t", "series", ["a", "b", "a"]), TypeError, 'found "a" twice');
});
