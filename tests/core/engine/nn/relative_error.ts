/** Square root of the sum of squares. */
export function euclideanNorm(values: ArrayLike<number | bigint>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Number(values[i]!) ** 2;
  return Math.sqrt(sum);
}

/**
 * |actual - expected| / |expected|, the error itself where nothing but zeros is expected.
 *
 * @param indices the elements of `actual` that were expected (default: all)
 */
export function relativeError(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
  indices: readonly number[] = Array.from(expected, (_, i) => i),
): number {
  const difference = indices.map((index, i) => Number(actual[index]!) - Number(expected[i]!));
  return euclideanNorm(difference) / (euclideanNorm(expected) || 1);
}
