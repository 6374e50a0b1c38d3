/**
 * A picture of what training steps cost.
 *
 * @module
 */
import { lineChart } from "../../core/plot/mod.ts";

/** Estimated seconds of a preset's step: ours, PyTorch's, and PyTorch's in mixed precision. */
export interface DrawnCost {
  readonly name: string;
  readonly seconds: readonly [ours: number, peer: number, mixed: number];
}

/** Draws the times of presets as shares of PyTorch's own, in the order given; an SVG. */
export async function drawCosts(costs: readonly DrawnCost[]): Promise<string> {
  const curve = (name: string, share: (seconds: DrawnCost["seconds"]) => number) => ({
    name,
    points: costs.map(({ seconds }, i) => [i + 1, share(seconds)] as const),
  });
  return await lineChart({
    series: [
      curve("of TF32", ([ours, peer]) => ours / peer),
      curve("of AMP", ([ours, , mixed]) => ours / mixed),
    ],
    title: "A step beside PyTorch's on an H100, estimated",
    xLabel: `preset: ${costs.map(({ name }, i) => `${i + 1} ${name}`).join(", ")}`,
    yLabel: "time of a step over PyTorch's",
    rules: [{ value: 1.2, label: "goal" }],
  });
}
