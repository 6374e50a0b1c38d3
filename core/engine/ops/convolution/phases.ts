/**
 * The gradient by the input of a convolution that skips pixels, phase by phase.
 *
 * Pixels of the input whose positions leave the same remainders when they are divided by the strides are a phase. A
 * window meets each phase with taps of its own: the convolution is a sum of convolutions without skipping, one for each
 * phase. Their gradients are computed separately and interlaced, at the cost of the forward pass, where a transposed
 * convolution scatters.
 *
 * @module
 */
import { sameShape } from "../../graph/shape.ts";
import { int64 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { concat } from "../concat.ts";
import { gather } from "../gather.ts";
import { reshape } from "../reshape.ts";
import { slice } from "../slice.ts";
import { blocked, blockedProduct, suitsBlocks, tapBlocks, unblocked } from "./blocked_layout.ts";
import { type ConvProblem, spatial } from "./problem.ts";
import { canTurn, turnedProblem } from "./turned.ts";

/** One remainder along an axis. */
interface AxisPhase {
  /** Taps that meet it. */
  readonly taps: readonly number[];
  /** Zeros in front of it, as a convolution by steps of one pads it. */
  readonly pad: number;
}

/** A phase: the convolution that it takes part in, and its taps in the whole kernel's row-major order. */
interface Phase {
  readonly problem: ConvProblem;
  readonly taps: readonly number[];
}

function axisPhases(taps: number, stride: number, pad: number): AxisPhase[] {
  return Array.from({ length: stride }, (_, remainder) => {
    const first = (remainder + pad) % stride;
    const count = Math.max(0, Math.ceil((taps - first) / stride));
    return {
      taps: Array.from({ length: count }, (_, i) => first + i * stride),
      pad: Math.floor((remainder + pad) / stride),
    };
  });
}

/** The phases of an image, row by row. */
function phasesOf({ dtype, x, w, y, attributes }: ConvProblem): Phase[][] {
  const { strides, pads, group } = attributes;
  const lengths = spatial(x).map((length, axis) => Math.ceil(length / strides[axis]!));
  const [down, across] = spatial(w).map((taps, axis) =>
    axisPhases(taps, strides[axis]!, pads[axis]!)
  ) as [AxisPhase[], AxisPhase[]];
  return down.map((row) =>
    across.map((column) => ({
      problem: {
        dtype,
        x: [x[0]!, x[1]!, ...lengths],
        w: [w[0]!, w[1]!, row.taps.length, column.taps.length],
        y,
        attributes: {
          strides: [1, 1],
          pads: [row.pad, column.pad, 0, 0],
          dilations: [1, 1],
          group,
        },
      },
      taps: row.taps.flatMap((i) => column.taps.map((j) => i * w[3]! + j)),
    }))
  );
}

/** Whether blocked kernels compute the gradient of every phase; a kernel smaller than the strides misses some. */
export function suitsPhases(problem: ConvProblem, block: number): boolean {
  const { x, w, attributes: { strides, dilations, group } } = problem;
  return x.length === 4 && group === 1 && dilations.every((n) => n === 1) &&
    strides.some((n) => n > 1) && strides.every((n, axis) => w[axis + 2]! >= n) &&
    suitsBlocks(problem, block) && x[1]! % block === 0 &&
    phasesOf(problem).flat().every((phase) => canTurn(phase.problem));
}

/** The gradient by the input, for problems that {@linkcode suitsPhases} accepts. */
export function phasedInputGradient(
  { dy, w }: { readonly dy: Value; readonly w: Value },
  problem: ConvProblem,
  block: number,
): Value {
  const { x, attributes: { strides } } = problem;
  const blocks = tapBlocks(w, block);
  const gradient = blocked(dy);
  const phases = phasesOf(problem);
  const [height, width] = spatial(phases[0]![0]!.problem.x) as [number, number];
  const channels = x[0]! * x[1]! / block;
  const rows = phases.map((row) => {
    const columns = row.map(({ problem: phase, taps }) => {
      const turned = turnedProblem(phase);
      const picked = constant(int64([taps.length], taps.toReversed()));
      const weight = reshape(gather(blocks, picked, { axis: 2 }), turned.w);
      const part = blockedProduct({ x: gradient, weight }, turned);
      return reshape(part, [channels * height, width, 1, block]);
    });
    const interlaced = concat(columns, { axis: 2 });
    return reshape(interlaced, [channels, height, 1, width * strides[1]! * block]);
  });
  const whole = [x[0]!, x[1]!, height * strides[0]!, width * strides[1]!];
  const interlaced = unblocked(reshape(concat(rows, { axis: 2 }), whole));
  if (sameShape(whole, x)) return interlaced;
  return slice(interlaced, { starts: [0, 0], ends: spatial(x), axes: [2, 3] });
}
