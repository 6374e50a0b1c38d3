/**
 * The swapped prediction of SwAV: each target is predicted from all other views.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { mul } from "../engine/ops/mul.ts";
import { GenviewRangeError } from "../errors/mod.ts";

/**
 * The mean of a loss over all pairs of a target and the prediction of another view: (1/A) sum_a (1/(V-1)) sum_{v != a}
 * term(t_a, p_v) for A targets and V predictions (Caron et al. 2020, equation 1; with a teacher's targets, Caron et al.
 * 2021, equation 3).
 *
 * @param targets of the first views
 * @param predictions of all views
 * @param term the loss of a pair, called with the indices of both views
 * @throws {RangeError} if there is no pair
 */
export function swappedPrediction(
  targets: readonly Value[],
  predictions: readonly Value[],
  term: (target: Value, prediction: Value, ofTarget: number, ofPrediction: number) => Value,
): Value {
  const terms = targets.flatMap((target, a) =>
    predictions.flatMap((prediction, v) => v === a ? [] : [term(target, prediction, a, v)])
  );
  const [first, ...others] = terms;
  if (first === undefined) {
    throw new GenviewRangeError(
      `Cannot predict targets from other views: there must be a target and another view, found ${targets.length} ` +
        `and ${predictions.length}`,
    );
  }
  return mul(others.reduce((sum, one) => add(sum, one), first), 1 / terms.length);
}
