import { assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../../../core/engine/autodiff/gradients.ts";
import { input } from "../../../../../core/engine/graph/value.ts";
import { conv } from "../../../../../core/engine/ops/conv.ts";
import { reduceSum } from "../../../../../core/engine/ops/reduce_sum.ts";
import {
  type ConvTuning,
  observeConvolutions,
} from "../../../../../core/engine/ops/convolution/tuning.ts";
import {
  formatConvTuning,
  parseConvTuning,
} from "../../../../../core/engine/ops/convolution/tuning_table.ts";

const TUNING: ConvTuning = {
  channelBlock: 8,
  choices: { b: { forward: "blocked" }, a: { weightGradient: "wide", inputGradient: "turned" } },
};

Deno.test("parseConvTuning() reads what formatConvTuning() writes, in the order of the keys", () => {
  const text = formatConvTuning(TUNING);
  assertEquals(parseConvTuning(text), TUNING);
  assertEquals(text.indexOf('"a"') < text.indexOf('"b"'), true);
});

Deno.test("parseConvTuning() refuses formulations that there are not", () => {
  const withChoice = (choice: unknown) =>
    JSON.stringify({ channelBlock: 1, choices: { key: choice } });
  assertThrows(
    () => parseConvTuning(withChoice({ forward: "quick" })),
    SyntaxError,
    'forward of "key" must be one of direct, product, gathered, dense, winograd, blocked, found "quick"',
  );
  assertThrows(() => parseConvTuning(withChoice({ backward: "wide" })), SyntaxError, "no task");
  assertThrows(() => parseConvTuning(withChoice("wide")), SyntaxError, "no object");
  assertThrows(() => parseConvTuning("{}"), SyntaxError, "an integer channelBlock");
});

Deno.test("observeConvolutions() tells every convolution that is built", () => {
  const x = input("x", "float32", [2, 3, 8, 8]);
  const w = input("w", "float32", [4, 3, 3, 3]);
  const seen: (readonly number[])[] = [];
  observeConvolutions(({ y }) => seen.push(y), () => {
    const y = conv(conv(x, w, { strides: 2 }), input("v", "float32", [5, 4, 1, 1]));
    gradients(reduceSum(y), [w]);
  });
  assertEquals(seen, [[2, 4, 3, 3], [2, 5, 3, 3]]);
});
