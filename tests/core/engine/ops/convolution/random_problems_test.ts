import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../../../../core/engine/autodiff/gradients.ts";
import { input, type Value } from "../../../../../core/engine/graph/value.ts";
import { conv, directConv } from "../../../../../core/engine/ops/conv.ts";
import { probeChannelBlock } from "../../../../../core/engine/ops/convolution/blocked_layout.ts";
import { FORWARD } from "../../../../../core/engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../../../../../core/engine/ops/convolution/input_gradients.ts";
import {
  type ConvProblem,
  problemKey,
} from "../../../../../core/engine/ops/convolution/problem.ts";
import { withTarget } from "../../../../../core/engine/graph/target.ts";
import { WEIGHT_GRADIENTS } from "../../../../../core/engine/ops/convolution/weight_gradients.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";
import { runGraph } from "../../../../run_graph.ts";
import { draw } from "../gradient_case.ts";
import { assertNear } from "../window_golden.ts";

const PROBLEMS = 60;
const BLOCKED_PROBLEMS = 25;
const TILED_PROBLEMS = 15;

/** Few images and many, maps of one pixel, groups of one channel and of several, pads wider than the kernel. */
function randomProblem(random: RandomStream): ConvProblem {
  const pick = (...numbers: readonly number[]) => numbers[random.integer(numbers.length)]!;
  for (;;) {
    const axes = Array.from({ length: pick(1, 2, 2, 2) }, (_, axis) => axis);
    const group = pick(1, 1, 1, 2, 3, 16);
    const x = [pick(1, 2, 17), group * pick(1, 2, 3, 16), ...axes.map(() => pick(1, 2, 3, 5, 8))];
    const w = [group * pick(1, 2, 16), x[1]! / group, ...axes.map(() => 1 + random.integer(4))];
    const attributes = {
      strides: axes.map(() => pick(1, 1, 2, 3)),
      pads: [...axes, ...axes].map(() => random.integer(4)),
      dilations: axes.map(() => pick(1, 1, 1, 2)),
      group,
    };
    const fits = axes.every((axis) =>
      x[axis + 2]! + attributes.pads[axis]! + attributes.pads[axis + axes.length]! >
        (w[axis + 2]! - 1) * attributes.dilations[axis]!
    );
    if (!fits || x[1]! > 48 || w[0]! > 48) continue;
    const y = directConv(input("x", "float32", x), input("w", "float32", w), attributes).shape;
    return { dtype: "float32", x, w, y, attributes };
  }
}

/** Images, inputs and outputs that are whole blocks. */
function blockedProblem(random: RandomStream, block: number): ConvProblem {
  const pick = (...numbers: readonly number[]) => numbers[random.integer(numbers.length)]!;
  const blocks = () => block * pick(1, 2);
  for (;;) {
    const x = [blocks(), blocks(), pick(1, 2, 5, 8), pick(1, 3, 4, 7)];
    const w = [blocks(), x[1]!, 1 + random.integer(4), 1 + random.integer(4)];
    const attributes = {
      strides: [pick(1, 1, 2, 3), pick(1, 1, 2, 3)],
      pads: Array.from({ length: 4 }, () => random.integer(3)),
      dilations: [1, 1],
      group: 1,
    };
    const fits = [0, 1].every((axis) =>
      x[axis + 2]! + attributes.pads[axis]! + attributes.pads[axis + 2]! >= w[axis + 2]!
    );
    if (!fits) continue;
    const y = directConv(input("x", "float32", x), input("w", "float32", w), attributes).shape;
    return { dtype: "float32", x, w, y, attributes };
  }
}

/** Kernels of 3 x 3 by steps of one, over whole blocks: maps of one tile and of several, also cut ones. */
function tiledProblem(random: RandomStream, block: number): ConvProblem {
  const pick = (...numbers: readonly number[]) => numbers[random.integer(numbers.length)]!;
  const x = [pick(1, 3), block * pick(1, 2), pick(2, 3, 4, 7, 9), pick(1, 4, 5, 8)];
  const w = [block * pick(1, 2), x[1]!, 3, 3];
  const attributes = {
    ...{ strides: [1, 1], dilations: [1, 1], group: 1 },
    pads: [pick(1, 2), pick(1, 2), pick(0, 1, 3), pick(1, 2)],
  };
  const y = directConv(input("x", "float32", x), input("w", "float32", w), attributes).shape;
  return { dtype: "float32", x, w, y, attributes };
}

/** A convolution and its gradients by every formulation that suits, and as conv() chooses. */
function waysOf(problem: ConvProblem, block: number): Record<string, Value> {
  const [x, w, dy] = (["x", "w", "y"] as const).map((name) =>
    input(name, "float32", problem[name])
  ) as [Value, Value, Value];
  const ways: Record<string, Value> = {};
  const tasks = { y: FORWARD, dx: INPUT_GRADIENTS, dw: WEIGHT_GRADIENTS };
  for (const [task, formulations] of Object.entries(tasks)) {
    for (const [name, { suits, build }] of Object.entries(formulations)) {
      if (suits(problem, block)) ways[`${task} ${name}`] = build({ x, w, dy }, problem, block);
    }
  }
  return withTarget({ channelBlock: block }, () => {
    const y = conv(x, w, problem.attributes);
    const [dx, dw] = gradients(y, [x, w], { seed: dy });
    return { ...ways, "y chosen": y, "dx chosen": dx!, "dw chosen": dw! };
  });
}

/** Runs every formulation of a problem and compares them; gives their names. */
async function compareWays(problem: ConvProblem, block: number, seed: number): Promise<string[]> {
  const references = { y: "direct", dx: "transposed", dw: "columns" };
  const feeds = Object.fromEntries(
    (["x", "w", "y"] as const).map((name) => [name, draw(problem[name], "float32", name, seed)]),
  );
  const results = await runGraph(waysOf(problem, block), feeds);
  for (const [task, reference] of Object.entries(references)) {
    const expected = results[`${task} ${reference}`];
    assert(expected !== undefined, `${task} ${reference}`);
    for (const [way, actual] of Object.entries(results)) {
      if (!way.startsWith(`${task} `)) continue;
      assertNear(actual, expected, `${way} of ${problemKey(problem)}`, 2e-5);
    }
  }
  return Object.keys(results);
}

const channelBlock = () => probeChannelBlock((outputs) => runGraph(outputs, {}));

Deno.test("all formulations of random convolutions agree, and one is chosen for each", async () => {
  const block = await channelBlock();
  const random = new RandomStream(0, "convolutions");
  for (let i = 0; i < PROBLEMS; i++) await compareWays(randomProblem(random), block, i);
});

Deno.test("all formulations of random convolutions of whole blocks agree", async () => {
  const block = await channelBlock();
  const random = new RandomStream(0, "blocks");
  const met: string[] = [];
  for (let i = 0; i < BLOCKED_PROBLEMS; i++) {
    met.push(...await compareWays(blockedProblem(random, Math.max(block, 8)), block, i));
  }
  for (const way of ["y blocked", "dx blocked", "dx phases", "dw blocked"]) {
    assertEquals(met.includes(way), block > 1, way);
  }
});

Deno.test("transformed tiles agree with all other formulations, whatever the map and its zeros", async () => {
  const block = await channelBlock();
  const random = new RandomStream(0, "tiles");
  for (let i = 0; i < TILED_PROBLEMS; i++) {
    const met = await compareWays(tiledProblem(random, Math.max(block, 8)), block, i);
    for (const way of ["y winograd", "dx winograd", "dw winograd"]) {
      assertEquals(met.includes(way), block > 1, way);
    }
  }
});

Deno.test("pointwise convolutions that skip pixels have the gradients of those that they read", async () => {
  const block = await channelBlock();
  const channels = Math.max(block, 8);
  const problem: ConvProblem = {
    ...{ dtype: "float32", x: [3, 2 * channels, 5, 7], w: [channels, 2 * channels, 1, 1] },
    y: [3, channels, 3, 3],
    attributes: { strides: [2, 3], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
  };
  await compareWays(problem, block, 0);
});
