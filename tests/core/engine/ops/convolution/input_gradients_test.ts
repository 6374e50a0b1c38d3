import { assert, assertEquals } from "@std/assert";
import { checkGradients } from "../../../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../../../core/engine/autodiff/gradients.ts";
import { nodesLeadingTo } from "../../../../../core/engine/graph/node.ts";
import { type GraphTarget, withTarget } from "../../../../../core/engine/graph/target.ts";
import { input, type Value } from "../../../../../core/engine/graph/value.ts";
import { conv, type ConvOptions } from "../../../../../core/engine/ops/conv.ts";
import { runGraph } from "../../../../run_graph.ts";
import { draw } from "../gradient_case.ts";
import { assertNear } from "../window_golden.ts";

/** Strided convolutions whose windows leave different paddings at both ends. */
const STRIDED: readonly (readonly [x: number[], w: number[], options: ConvOptions])[] = [
  // As ResNets have them: 3×3 by steps of two, a stem of 7×7, a pointwise shortcut that skips pixels.
  [[2, 3, 8, 8], [4, 3, 3, 3], { strides: 2, pads: 1 }],
  [[2, 3, 8, 6], [4, 3, 7, 7], { strides: 2, pads: 3 }],
  [[2, 3, 8, 7], [4, 3, 1, 1], { strides: 2 }],
  // More padding in front than a stride gives back, behind alone, and on one axis alone.
  [[2, 3, 7, 5], [4, 3, 2, 2], { strides: 2, pads: [3, 2, 0, 0] }],
  [[2, 3, 6, 6], [4, 3, 3, 3], { strides: 2, pads: [0, 0, 1, 2] }],
  [[2, 4, 7, 5], [6, 2, 3, 2], { strides: [2, 1], pads: [1, 0, 2, 1], group: 2 }],
  // Pixels at the end that no window reads, behind padding in front.
  [[2, 3, 6, 6], [4, 3, 3, 3], { strides: 3, pads: [2, 1, 0, 0], dilations: [1, 2] }],
  [[3, 4, 11], [2, 2, 4], { strides: 3, dilations: 2, pads: [3, 1], group: 2 }],
];

/** The gradient by the input of a case, for a target. */
function gradientFor(
  target: GraphTarget,
  [shape, kernel, options]: (typeof STRIDED)[number],
  weight: Value = input("w", "float32", kernel),
  seed?: Value,
): Value {
  return withTarget(target, () => {
    const x = input("x", "float32", shape);
    const y = conv(x, weight, options);
    return gradients(y, [x], { seed: seed ?? input("dy", "float32", y.shape) })[0]!;
  });
}

/** Paddings of the transposed convolutions that lead to a value: in front, and behind. */
function transposedPads(value: Value): number[][][] {
  return nodesLeadingTo([value], true).filter(({ op }) => op.type === "ConvTranspose")
    .map(({ attributes }) => {
      const { pads } = attributes as { readonly pads: readonly number[] };
      const rank = pads.length / 2;
      return [pads.slice(0, rank), pads.slice(rank)];
    });
}

for (const provider of [undefined, "cuda", "webgpu"] as const) {
  Deno.test(`a strided convolution's gradient pads both ends alike: ${provider ?? "any device"}`, () => {
    const found = STRIDED.flatMap((given) =>
      transposedPads(gradientFor(provider === undefined ? {} : { provider }, given))
    );
    assert(found.length > 0);
    for (const [front, behind] of found) assertEquals(front, behind);
  });
}

Deno.test("a strided convolution's gradient is the same number by number for every target", async () => {
  for (const [i, given] of STRIDED.entries()) {
    const [x, kernel, options] = given;
    const w = input("w", "float32", kernel);
    const dy = input("dy", "float32", conv(input("x", "float32", x), w, options).shape);
    const ways = {
      cpu: gradientFor({ provider: "cpu" }, given, w, dy),
      cuda: gradientFor({ provider: "cuda" }, given, w, dy),
      any: gradientFor({}, given, w, dy),
    };
    const results = await runGraph(ways, {
      w: draw(w.shape, "float32", "strided", i, "w"),
      dy: draw(dy.shape, "float32", "strided", i, "dy"),
    });
    assertNear(results.cuda!, results.cpu!, `case ${i} for CUDA`);
    assertNear(results.any!, results.cpu!, `case ${i} for any device`);
  }
});

Deno.test("a strided convolution for CUDA has the gradients of its central differences", async () => {
  for (const [i, [x, w, options]] of STRIDED.entries()) {
    const inputs = {
      x: draw(x, "float32", "strided", i, "x"),
      w: draw(w, "float32", "strided", i, "w"),
    };
    await checkGradients(
      (values) => withTarget({ provider: "cuda" }, () => conv(values.x!, values.w!, options)),
      inputs,
      { evaluate: runGraph },
    );
  }
});
