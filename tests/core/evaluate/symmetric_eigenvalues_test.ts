import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { symmetricEigenvalues } from "../../../core/evaluate/symmetric_eigenvalues.ts";

function assertNear(actual: Float64Array, expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(actual[i]!, value, 1e-12));
}

Deno.test("symmetricEigenvalues() knows matrices whose eigenvalues are known", () => {
  assertNear(symmetricEigenvalues(new Float64Array(0), 0), []);
  assertNear(symmetricEigenvalues(Float64Array.of(-7), 1), [-7]);
  assertNear(symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2), [3, 1]);
  assertNear(symmetricEigenvalues(Float64Array.of(4, 0, 0, 0, 1, 0, 0, 0, 9), 3), [9, 4, 1]);
  assertNear(symmetricEigenvalues(new Float64Array(16).fill(1), 4), [4, 0, 0, 0]);
});

Deno.test("symmetricEigenvalues() knows the spectrum of a chain of springs", () => {
  const n = 24;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  const expected = Array.from(
    { length: n },
    (_, i) => 2 + 2 * Math.cos((i + 1) * Math.PI / (n + 1)),
  );
  assertNear(symmetricEigenvalues(matrix, n), expected);
});

Deno.test("symmetricEigenvalues() keeps trace and norm of a full matrix", () => {
  const n = 40;
  const matrix = Float64Array.from({ length: n * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return Math.sin(1 + row * column) + Math.cos(row + column);
  });
  const before = matrix.slice();
  const values = symmetricEigenvalues(matrix, n);
  const sum = (of: Float64Array, f: (value: number) => number) =>
    of.reduce((total, value) => total + f(value), 0);
  const trace = sum(matrix.filter((_, i) => i % (n + 1) === 0), (value) => value);
  assertAlmostEquals(sum(values, (value) => value), trace, 1e-9);
  assertAlmostEquals(sum(values, (value) => value ** 2), sum(matrix, (value) => value ** 2), 1e-9);
  assertEquals(matrix, before);
  assertEquals(values, values.toSorted().reverse());
});

Deno.test("symmetricEigenvalues() refuses what is no square of finite numbers", () => {
  assertThrows(() => symmetricEigenvalues(new Float64Array(5), 2), RangeError, "found 5");
  assertThrows(() => symmetricEigenvalues(Float64Array.of(NaN), 1), RangeError, "finite");
});
