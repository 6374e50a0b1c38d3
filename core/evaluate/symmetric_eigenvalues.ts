/**
 * Eigenvalues of symmetric matrices.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";

/** Diagonal and, from index 1 on, the elements beside it. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/** Reduces a symmetric matrix, which is overwritten, to tridiagonal form by Householder's reflections. */
function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const p = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = a.subarray(i * n, i * n + i);
    diagonal[i] = a[i * n + i]!;
    const norm = Math.sqrt(row.subarray(0, i - 1).reduce((sum, value) => sum + value * value, 0));
    const corner = row[i - 1]!;
    if (norm === 0) {
      beside[i] = corner;
      continue;
    }
    // The reflection by u = row - alpha e takes the row to alpha e; the sign of alpha keeps u from cancellation.
    const alpha = -Math.sign(corner || 1) * Math.hypot(norm, corner);
    beside[i] = alpha;
    row[i - 1] = corner - alpha;
    reflect(a, n, i, alpha * (alpha - corner), p);
  }
  if (n > 0) diagonal[0] = a[0]!;
  return { diagonal, beside };
}

/** A -= u q' + q u' on the leading i by i block, with u in row i, h = |u|^2 / 2, q = A u / h - u (u' A u) / (2 h^2). */
function reflect(a: Float64Array, n: number, i: number, h: number, q: Float64Array): void {
  const u = a.subarray(i * n, i * n + i);
  let product = 0;
  for (let j = 0; j < i; j++) {
    let sum = 0;
    for (let k = 0; k < i; k++) sum += a[j * n + k]! * u[k]!;
    q[j] = sum / h;
    product += q[j]! * u[j]!;
  }
  for (let j = 0; j < i; j++) q[j]! -= product / (2 * h) * u[j]!;
  for (let j = 0; j < i; j++) {
    for (let k = 0; k < i; k++) a[j * n + k]! -= u[j]! * q[k]! + q[j]! * u[k]!;
  }
}

/** Iterations for one eigenvalue, of which two are usual. */
const MOST_ITERATIONS = 60;

/** One implicit step of the QL algorithm on the block from `low` to `high`. */
function rotate({ diagonal: d, beside: e }: Tridiagonal, low: number, high: number): void {
  // Wilkinson's shift: the eigenvalue of the leading 2 by 2 block that is nearer to its first element.
  const half = (d[low + 1]! - d[low]!) / (2 * e[low + 1]!);
  const shift = half + Math.sign(half || 1) * Math.hypot(half, 1);
  let g = d[high]! - d[low]! + e[low + 1]! / shift;
  let [sine, cosine, carried] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const f = sine * e[i + 1]!;
    const b = cosine * e[i + 1]!;
    const r = Math.hypot(f, g);
    if (i + 2 <= high) e[i + 2] = r;
    if (r === 0) {
      d[i + 1]! -= carried;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1]! - carried;
    const t = (d[i]! - g) * sine + 2 * cosine * b;
    carried = sine * t;
    d[i + 1] = g + carried;
    g = cosine * t - b;
  }
  d[low]! -= carried;
  e[low + 1] = g;
}

/** Whether an element beside the diagonal no longer matters. */
function negligible({ diagonal, beside }: Tridiagonal, i: number): boolean {
  const size = Math.abs(diagonal[i - 1]!) + Math.abs(diagonal[i]!);
  return Math.abs(beside[i]!) <= Number.EPSILON * size;
}

/**
 * Eigenvalues of a symmetric matrix, largest first, by Householder's reduction and the QL algorithm with implicit
 * shifts (Golub & Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3). Takes 4/3 n^3 operations.
 *
 * @param matrix row-major, n by n; it is not changed
 * @throws {RangeError} if the matrix is not n by n, or holds what is not a finite number
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  if (matrix.length !== n * n || !matrix.every(Number.isFinite)) {
    throw new GenviewRangeError(
      `Cannot compute eigenvalues: the matrix must have ${n} by ${n} finite elements, found ${matrix.length}`,
    );
  }
  const form = tridiagonalize(matrix.slice(), n);
  for (let low = 0; low < n; low++) {
    for (let iteration = 0;; iteration++) {
      let high = low;
      while (high < n - 1 && !negligible(form, high + 1)) high++;
      if (high === low) break;
      if (iteration === MOST_ITERATIONS) {
        throw new Error(`Internal: eigenvalue ${low} of ${n} does not converge`);
      }
      rotate(form, low, high);
    }
  }
  return form.diagonal.sort().reverse();
}
