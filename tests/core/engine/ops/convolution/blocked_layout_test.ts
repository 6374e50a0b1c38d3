import { assertEquals } from "@std/assert";
import {
  probeChannelBlock,
  suitsBlocks,
} from "../../../../../core/engine/ops/convolution/blocked_layout.ts";
import type { ConvProblem } from "../../../../../core/engine/ops/convolution/problem.ts";
import { runGraph } from "../../../../run_graph.ts";
import { CPU_ONLY } from "../../../../test_device.ts";

const PROBLEM: ConvProblem = {
  dtype: "float32",
  x: [2, 16, 5, 5],
  w: [32, 16, 3, 3],
  y: [2, 32, 3, 3],
  attributes: { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
};

Deno.test({
  name:
    `probeChannelBlock() finds as many channels as a vector of the processor holds${CPU_ONLY.why}`,
  ignore: CPU_ONLY.ignore,
  async fn() {
    const block = await probeChannelBlock((outputs) => runGraph(outputs, {}));
    assertEquals([1, 4, 8, 16, 32].includes(block), true);
  },
});

Deno.test("suitsBlocks() takes whole blocks of channels, images, and single channels", () => {
  assertEquals(suitsBlocks(PROBLEM, 16), true);
  assertEquals(suitsBlocks(PROBLEM, 1), false);
  assertEquals(suitsBlocks({ ...PROBLEM, dtype: "float64" }, 16), false);
  assertEquals(suitsBlocks({ ...PROBLEM, w: [24, 16, 3, 3] }, 16), false);
  assertEquals(suitsBlocks({ ...PROBLEM, x: [2, 20, 5, 5], w: [32, 20, 3, 3] }, 16), false);
  assertEquals(suitsBlocks({ ...PROBLEM, x: [2, 3, 5, 5], w: [32, 3, 3, 3] }, 16), true);
  const grouped = (group: number) => ({ ...PROBLEM.attributes, group });
  const halves = { ...PROBLEM, w: [32, 8, 3, 3], attributes: grouped(2) };
  assertEquals(suitsBlocks(halves, 8), true);
  assertEquals(suitsBlocks(halves, 16), false);
  const single = { ...PROBLEM, w: [16, 1, 3, 3], attributes: grouped(16) };
  assertEquals(suitsBlocks(single, 16), true);
  assertEquals(suitsBlocks({ ...single, w: [32, 1, 3, 3] }, 16), false);
});
