import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  formatBar,
  formatDuration,
  formatNumber,
  formatProgress,
  ProgressLine,
  type ProgressOptions,
} from "../../../tasks/cli/progress_line.ts";

const STATE = {
  step: 1234,
  total: 2600,
  secondsLeft: 192,
  fields: { loss: 6.12345, lr: 3e-4, "img/s": 812, phase: "warm-up" },
};

/** A line with a clock that stands still until it is set, and all that it writes. */
function lineOf(
  options: Pick<ProgressOptions, "total"> & Partial<ProgressOptions>,
): { line: ProgressLine; written: string[]; clock: { now: number } } {
  const written: string[] = [];
  const clock = { now: 0 };
  const line = new ProgressLine({
    write: (text) => written.push(text),
    columns: () => undefined,
    now: () => clock.now,
    ...options,
  });
  return { line, written, clock };
}

Deno.test("formatDuration() shows the two largest units", () => {
  assertEquals(
    [0, 59.4, 59.6, 61, 3599.7, 3725, 86399, 93600, 270000].map(formatDuration),
    ["0s", "59s", "1m00s", "1m01s", "1h00m", "1h02m", "23h59m", "1d02h", "3d03h"],
  );
});

Deno.test("formatNumber() shows four digits and keeps integers", () => {
  assertEquals(
    [0, 7, -2.5, 999.96, 12345.678, 1234567, 1e9, 0.001, 0.00099, -1e-8].map(formatNumber),
    [
      ...["0", "7", "-2.500", "1000", "12346", "1234567", "1.00e+9", "0.001000", "9.90e-4"],
      "-1.00e-8",
    ],
  );
  assertEquals([NaN, -Infinity].map(formatNumber), ["NaN", "-Infinity"]);
});

Deno.test("formatBar() always has the same length", () => {
  assertEquals(formatBar(0, 4), "────");
  assertEquals(formatBar(0.5, 4), "━━──");
  assertEquals(formatBar(1, 4), "━━━━");
  assertEquals(formatBar(1.5, 4), "━━━━");
});

Deno.test("formatProgress() shows everything where there is no terminal", () => {
  assertEquals(
    formatProgress(STATE),
    "47%  1234/2600  3m12s left  loss 6.123  lr 3.00e-4  img/s 812  phase warm-up",
  );
  assertStringIncludes(formatProgress({ ...STATE, secondsLeft: undefined }), "  – left  ");
});

Deno.test("formatProgress() fits into every width, and drops the last fields first", () => {
  for (let columns = 1; columns <= 140; columns++) {
    assert(formatProgress(STATE, columns).length < columns || columns === 1);
  }
  assertEquals(
    formatProgress(STATE, 140),
    "━━━━━━━━━━━─────────────  47%  1234/2600  3m12s left  loss 6.123  lr 3.00e-4  img/s 812  phase warm-up",
  );
  assertEquals(
    formatProgress(STATE, 60),
    "━━━━━━━━━──────────  47%  1234/2600  3m12s left  loss 6.123",
  );
  assertEquals(formatProgress(STATE, 36), "━━━━━━━━━──────────  47%  1234/2600");
  assertEquals(formatProgress(STATE, 20), " 47%  1234/2600");
});

Deno.test("ProgressLine redraws one line on a terminal and ends it when disposed", () => {
  const { line, written, clock } = lineOf({ total: 4, columns: () => 80 });
  for (const step of [1, 2, 3, 4]) {
    clock.now += 1;
    line.update(step, { loss: 1 / step });
  }
  line[Symbol.dispose]();
  line[Symbol.dispose]();
  assertEquals(written.length, 5);
  for (const text of written.slice(0, 4)) {
    assert(text.startsWith("\r") && text.endsWith("\x1b[K") && !text.includes("\n"));
    assert(text.length > 50 && text.length < 84);
  }
  assertStringIncludes(written[1]!, "50%  2/4  2s left  loss 0.5000");
  assertEquals(written[4], "\n");
});

Deno.test("ProgressLine leaves a terminal in peace for a tenth of a second, but shows the end", () => {
  const { line, written, clock } = lineOf({ total: 100, columns: () => 80 });
  for (let step = 1; step <= 100; step++) {
    clock.now = step * 0.01;
    line.update(step);
  }
  assert(written.length >= 10 && written.length <= 11, `${written.length}`);
  assertStringIncludes(written.at(-1)!, "100%  100/100  0s left");
});

Deno.test("ProgressLine writes a plain line every so often where there is no terminal", () => {
  const { line, written, clock } = lineOf({ total: 100, plainSeconds: 20 });
  for (let step = 1; step <= 100; step++) {
    clock.now = step;
    line.update(step, { loss: 2 });
  }
  line[Symbol.dispose]();
  assertEquals(written.map((text) => text.slice(text.indexOf("%") + 3, text.indexOf("/") + 4)), [
    ...["  1/100", " 21/100", " 41/100", " 61/100", " 81/100", "100/100"],
  ]);
  assert(written.every((text) => text.endsWith("\n") && !text.includes("\r")));
});

Deno.test("ProgressLine measures the speed of the steps that it saw", () => {
  const { line, written, clock } = lineOf({
    ...{ total: 1000, start: 500, imagesPerStep: 64, plainSeconds: 0 },
  });
  for (let step = 510; step <= 700; step += 10) {
    clock.now += 5;
    line.update(step);
  }
  assertStringIncludes(written.at(-1)!, "70%   700/1000  2m30s left  img/s 128");
  for (let step = 710; step <= 950; step += 10) {
    clock.now += 20;
    line.update(step);
  }
  assertStringIncludes(written.at(-1)!, "95%   950/1000  1m40s left  img/s 32");
});

Deno.test("ProgressLine counts a pause for no more than it lasts", () => {
  const { line, written, clock } = lineOf({ total: 1000, plainSeconds: 0 });
  for (let step = 1; step <= 100; step++) {
    clock.now += step === 100 ? 21 : 1;
    line.update(step);
  }
  // 900 steps of some 1.3 seconds, as in the last minute, and not of 21.
  const [, minutes] = /(\d+)m\d\ds left/.exec(written.at(-1)!)!;
  assert(Number(minutes) >= 15 && Number(minutes) < 24, written.at(-1));
});

Deno.test("ProgressLine knows no end before a step has passed", () => {
  const { line, written } = lineOf({ total: 10 });
  line.update(0);
  assertStringIncludes(written[0]!, "0%   0/10  – left");
});

Deno.test("ProgressLine tells no speed of steps that are reported all at once", () => {
  const { line, written, clock } = lineOf({ total: 8, imagesPerStep: 1 });
  line.update(0);
  clock.now = 1e-5;
  line.update(8);
  assertEquals(written.at(-1), "100%  8/8  0s left\n");
});

Deno.test("ProgressLine.note() writes above the line and draws it anew", () => {
  const { line, written, clock } = lineOf({ total: 10, columns: () => 60 });
  line.note("before");
  clock.now = 1;
  line.update(1);
  line.note("checkpoint saved");
  assertEquals(written[0], "before\n");
  assertEquals(written[2], "\r\x1b[Kcheckpoint saved\n");
  assertEquals(written[3], written[1]);
  const plain = lineOf({ total: 10 });
  plain.line.note("checkpoint saved");
  assertEquals(plain.written, ["checkpoint saved\n"]);
});
