/**
 * The scalars that are fed to an update at each step.
 *
 * @module
 */
import type { DType } from "../graph/dtype.ts";
import { input, type Value } from "../graph/value.ts";
import { mul } from "../ops/mul.ts";

/** Scalar inputs that are declared when they are first used, and multiples of them that are computed once. */
export class ScalarInputs {
  readonly #dtype: DType;
  readonly #inputs = new Map<string, Value>();
  readonly #multiples = new Map<string, Value>();

  /** @param dtype element type of all of them */
  constructor(dtype: DType) {
    this.#dtype = dtype;
  }

  /** Those in use, by name. */
  get inputs(): ReadonlyMap<string, Value> {
    return this.#inputs;
  }

  /** The scalar of a name. */
  get(name: string): Value {
    const known = this.#inputs.get(name) ?? input(name, this.#dtype, []);
    this.#inputs.set(name, known);
    return known;
  }

  /** A factor times the scalar of a name. */
  multiple(name: string, factor: number): Value {
    if (factor === 1) return this.get(name);
    const key = `${name} ${factor}`;
    const known = this.#multiples.get(key) ?? mul(this.get(name), factor);
    this.#multiples.set(key, known);
    return known;
  }
}
