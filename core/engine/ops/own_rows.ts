import { defineOp } from "../graph/op.ts";
import { currentRanks } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { HOST_DOMAIN, inferPart, type RankAttributes } from "./_collective.ts";

const OwnRows = defineOp({
  type: "OwnRows",
  domain: HOST_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, attributes: RankAttributes) => ({ y: inferPart(x, attributes) }),
  gradient: "none",
});

/**
 * The part of a tensor's rows that is this process's, in the order of the ranks; the tensor itself where there is one
 * process. It is for what all processes know alike, such as gathered pixels in another order, and has no gradient.
 *
 * @param x `[ranks N, ...]`, float32, float64 or int64, the same everywhere
 * @throws {TypeError} if it is of another element type
 * @throws {RangeError} if the processes do not divide the rows
 */
export function ownRows(x: Value): Value {
  const ranks = currentRanks();
  return ranks === 1 ? x : OwnRows({ x }, { ranks }).y;
}
