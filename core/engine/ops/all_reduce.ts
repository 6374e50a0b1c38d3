import { defineOp } from "../graph/op.ts";
import { currentRanks } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { checkShared, HOST_DOMAIN } from "./_collective.ts";

const AllReduce = defineOp({
  type: "AllReduce",
  domain: HOST_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => {
    checkShared(x);
    return { y: x };
  },
  // Each process's loss depends on all x: dx is the sum of every process's dy.
  gradient: ({ dy }) => ({ x: allReduce(dy) }),
});

/**
 * The sum of a tensor over all processes of the graph, element by element; the tensor itself where there is one.
 *
 * What is differentiated is the sum of the losses of all processes, as by `torch.distributed.nn.functional.all_reduce`.
 *
 * @param x float32, float64 or int64, of the same shape everywhere
 * @throws {TypeError} if it is of another element type
 */
export function allReduce(x: Value): Value {
  return currentRanks() === 1 ? x : AllReduce({ x }, {}).y;
}
