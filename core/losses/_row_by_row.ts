/**
 * Losses of which each sample's part is by itself, shared among the processes that compute the loss of one batch.
 *
 * @module
 */
import { int64 } from "../engine/graph/tensor.ts";
import { currentRanks, currentTarget } from "../engine/graph/target.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import { allGather } from "../engine/ops/all_gather.ts";
import { gather } from "../engine/ops/gather.ts";
import { ownRows } from "../engine/ops/own_rows.ts";

/**
 * What some function makes of two tensors' rows, of each by itself. Where all processes have the same rows, each computes its
 * part of them, and what comes out is gathered: the more processes there are, the less each has to do.
 *
 * @param rows `[N, ...]` both
 * @param apply gives `[M, ...]` for M of the rows, and may read other values whole
 */
export function rowByRow(
  rows: readonly [Value, Value],
  apply: (first: Value, second: Value) => Value,
): Value {
  const { replicated = false } = currentTarget();
  const [first, second] = rows;
  const count = first.shape[0]!;
  const isShared = replicated && count % currentRanks() === 0 && second.shape[0] === count;
  if (!isShared) return apply(first, second);
  const own = ownRows(constant(int64([count], Array.from({ length: count }, (_, i) => i))));
  const part = (value: Value) => gather(value, own, { axis: 0, unique: true });
  return allGather(apply(part(first), part(second)));
}
