import { assertEquals } from "@std/assert";
import { parseLevelLines } from "../../../core/noise/level_lines.ts";

Deno.test("parseLevelLines() takes paths with spaces, and levels that are left out from its options", () => {
  const text = "n01/a b.jpg 100\r\n\nn02/c.jpg\nphoto 12.jpg\nd.png\t0\n";
  assertEquals(parseLevelLines(text, { level: 300 }), {
    lines: [
      { path: "n01/a b.jpg", level: 100, line: 1 },
      { path: "n02/c.jpg", level: 300, line: 3 },
      { path: "photo 12.jpg", level: 300, line: 4 },
      { path: "d.png", level: 0, line: 5 },
    ],
    malformed: [],
  });
  assertEquals(parseLevelLines("a.jpg\n").lines[0]!.level, 0);
});

Deno.test("parseLevelLines() names lines whose level is none, or not the only one", () => {
  const text = "a.jpg 0.25\nb.jpg 1000\nc.jpg -1\nd.jpg 999\ne.jpg 1.0\n";
  const { lines, malformed } = parseLevelLines(text);
  assertEquals(lines.map(({ path }) => path), ["d.jpg"]);
  assertEquals(malformed.map(({ line }) => line), [1, 2, 3, 5]);
  assertEquals(
    malformed[0]!.problem,
    'its level must be a whole number in [0, 1000), found "0.25"',
  );
  const only = parseLevelLines("a.jpg 100\nb.jpg 200\nc.jpg\n", { level: 100, only: true });
  assertEquals(only.lines.map(({ path }) => path), ["a.jpg", "c.jpg"]);
  assertEquals(only.malformed, [{ line: 2, problem: "its level must be 100, found 200" }]);
});
