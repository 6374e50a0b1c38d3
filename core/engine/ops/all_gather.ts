import { defineOp } from "../graph/op.ts";
import { currentRanks } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { checkShared, HOST_DOMAIN, type RankAttributes, rowsOf } from "./_collective.ts";
import { reduceScatter } from "./reduce_scatter.ts";

const AllGather = defineOp({
  type: "AllGather",
  domain: HOST_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, { ranks }: RankAttributes) => {
    checkShared(x);
    return { y: { dtype: x.dtype, shape: x.shape.with(0, ranks * rowsOf(x)) } };
  },
  // Each process's loss depends on all x: dx is the sum of every process's dy, of its own rows.
  gradient: ({ dy }) => ({ x: reduceScatter(dy) }),
});

/**
 * The rows of all processes of the graph one after the other, `[ranks N, ...]`; the tensor itself where there is one.
 *
 * What is differentiated is the sum of the losses of all processes, as by `torch.distributed.nn.functional.all_gather`.
 *
 * @param x `[N, ...]`, float32, float64 or int64, of the same shape everywhere
 * @throws {TypeError} if it is of another element type
 * @throws {RangeError} if it is a scalar
 */
export function allGather(x: Value): Value {
  const ranks = currentRanks();
  return ranks === 1 ? x : AllGather({ x }, { ranks }).y;
}
