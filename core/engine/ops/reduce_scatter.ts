import { defineOp } from "../graph/op.ts";
import { currentRanks } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { HOST_DOMAIN, inferPart, type RankAttributes } from "./_collective.ts";
import { allGather } from "./all_gather.ts";

const ReduceScatter = defineOp({
  type: "ReduceScatter",
  domain: HOST_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, attributes: RankAttributes) => ({ y: inferPart(x, attributes) }),
  // A process's x adds to what each process makes of its rows.
  gradient: ({ dy }) => ({ x: allGather(dy) }),
});

/**
 * The sum of a tensor over all processes of the graph, of which each has its own part of the rows, in the order of their
 * ranks; the tensor itself where there is one process.
 *
 * @param x `[ranks N, ...]`, float32, float64 or int64, of the same shape everywhere
 * @throws {TypeError} if it is of another element type
 * @throws {RangeError} if the processes do not divide the rows
 */
export function reduceScatter(x: Value): Value {
  const ranks = currentRanks();
  return ranks === 1 ? x : ReduceScatter({ x }, { ranks }).y;
}
