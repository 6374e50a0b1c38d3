/**
 * Collectives in the middle of a graph, and what a training step needs of the processes that take it together.
 *
 * @module
 */
import type { DataOf, DType } from "../engine/graph/dtype.ts";
import type { HostOperator } from "../engine/ort/mod.ts";
import type { RankGroup } from "../engine/step/mod.ts";
import type { CollectiveArray } from "./collective_data.ts";
import type { BlockingCollectives, ProcessGroup } from "./process_group.ts";

/** Element types of the operators. */
const DTYPES: readonly DType[] = ["float32", "float64", "int64"];

/** Data of one element type as the collectives take them. */
type Data = CollectiveArray & DataOf<DType>;

/**
 * The operators `AllReduce`, `AllGather`, `ReduceScatter` and `OwnRows` of the domain `genview`, which the graph operators
 * of those names are. All processes must run the same graphs in the same order.
 */
export function collectiveOperators(blocking: BlockingCollectives): readonly HostOperator[] {
  const { rank, size } = blocking;
  const operator = (
    name: string,
    rows: (rows: number) => number,
    compute: (input: Data, output: Data) => void,
  ): HostOperator => ({
    name,
    dtypes: DTYPES,
    shape: (shape) => shape.length === 0 ? shape : shape.with(0, rows(shape[0]!)),
    compute: (input, output) => compute(input as Data, output as Data),
  });
  const copy = (from: Data, to: Data) => (to as Float32Array).set(from as Float32Array);
  return [
    operator("AllReduce", (rows) => rows, (input, output) => {
      copy(input, output);
      blocking.allReduce(output, "sum");
    }),
    operator("AllGather", (rows) => size * rows, (input, output) => {
      blocking.allGather(input, output);
    }),
    operator("ReduceScatter", (rows) => rows / size, (input, output) => {
      blocking.reduceScatter(input, "sum", output);
    }),
    operator("OwnRows", (rows) => rows / size, (input, output) => {
      const from = rank * output.length;
      copy(input.subarray(from, from + output.length) as Data, output);
    }),
  ];
}

/** What a training step needs of a group of processes. */
export function rankGroup(group: ProcessGroup): RankGroup {
  return {
    size: group.size,
    operators: collectiveOperators(group.blocking),
    allReduce: (data, reduction) => group.allReduce(data, reduction),
  };
}
