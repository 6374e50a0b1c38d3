import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { currentRanks } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { checkShared, HOST_DOMAIN, type RankAttributes, rowsOf } from "./_collective.ts";

const OwnRows = defineOp({
  type: "OwnRows",
  domain: HOST_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, { ranks }: RankAttributes) => {
    checkShared(x);
    const rows = rowsOf(x);
    if (rows % ranks !== 0) {
      throw new GenviewRangeError(`${ranks} processes must divide the rows, found ${rows}`);
    }
    return { y: { dtype: x.dtype, shape: x.shape.with(0, rows / ranks) } };
  },
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
