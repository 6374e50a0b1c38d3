import { GenviewRangeError } from "../../errors/mod.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { defineComposite } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { formatType, tensor } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { producer } from "../graph/node.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";

/** How a {@linkcode runningAverage} moves. */
export interface RunningAverageOptions {
  /** Share of itself that it keeps at each statistic. */
  readonly kept: number;
  /** What statistics are multiplied by (default 1). */
  readonly factor?: number;
}

type Attributes = Required<RunningAverageOptions>;

/** A step of a running average: what it was, and what moves it. */
export interface AverageStep {
  /** `[C]` */
  readonly before: Value;
  /** One after the other, `[S C]`. */
  readonly statistics: Value;
  /** What is left of it. */
  readonly kept: number;
  /** What each of the S statistics is multiplied by. */
  readonly shares: readonly number[];
}

/** r becomes k r + (1 - k) s for each of S statistics: k^S r is left, and the sum over i of (1 - k) k^(S - 1 - i) s_i added. */
function stepOf(before: Value, statistics: Value, { kept, factor }: Attributes): AverageStep {
  const count = elementCount(statistics.shape) / elementCount(before.shape);
  return {
    before,
    statistics: cast(statistics, before.dtype),
    kept: kept ** count,
    shares: Array.from({ length: count }, (_, i) => factor * (1 - kept) * kept ** (count - 1 - i)),
  };
}

const RunningAverage = defineComposite({
  type: "RunningAverage",
  inputs: ["before", "statistics"],
  outputs: ["y"],
  precision: "itself",
  expand: ({ before, statistics }, attributes: Attributes) => {
    const { statistics: given, kept, shares } = stepOf(before, statistics, attributes);
    const { dtype } = before;
    const row = constant(tensor(dtype, [1, shares.length], encodeNumbers(dtype, shares)));
    const moved = matMul(row, reshape(given, [shares.length, -1]));
    return { y: add(mul(before, kept), reshape(moved, before.shape)) };
  },
  gradient: "none",
});

/**
 * A running average after some statistics, each of which takes its share of it in turn. Where it is a buffer of a training
 * step, the update moves those of all layers at once.
 *
 * @param before `[C]`
 * @param statistics one after the other, `[S C]`
 * @throws {RangeError} if they are not of a multiple of its length
 */
export function runningAverage(
  before: Value,
  statistics: Value,
  { kept, factor = 1 }: RunningAverageOptions,
): Value {
  if (elementCount(statistics.shape) % elementCount(before.shape) !== 0) {
    throw new GenviewRangeError(
      `Cannot move a running average ${
        formatType(before.type)
      }: statistics must be some of its length, one after the ` +
        `other, found ${formatType(statistics.type)}`,
    );
  }
  return RunningAverage({ before, statistics }, { kept, factor }).y;
}

/** The step that a value is the result of, if it is a running average. */
export function averageStep(value: Value): AverageStep | undefined {
  const node = producer(value);
  if (node?.op.type !== "RunningAverage") return undefined;
  const { before, statistics } = node.inputs;
  return stepOf(before!, statistics!, node.attributes as Attributes);
}
