/**
 * What all files of named tensors have in common.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Tensor, TensorType } from "../engine/graph/tensor.ts";
import { nearestName } from "../schema/nearest_name.ts";

/** An open file of named tensors, of which none is read before it is asked for; closes with `using`. */
export interface TensorFile extends Disposable {
  /** Where the file lies. */
  readonly path: string;
  /** Names of the tensors. */
  readonly names: readonly string[];
  /** Whether there is a tensor of this name. */
  has(name: string): boolean;
  /**
   * Element type and shape of a tensor.
   *
   * @throws {RangeError} if there is none of this name
   */
  type(name: string): TensorType;
  /**
   * Where a tensor's first byte lies, counted from the start of the file, as ONNX's external data needs it; undefined
   * if its elements do not follow each other row by row.
   *
   * @throws {RangeError} if there is none of this name
   */
  offset(name: string): number | undefined;
  /**
   * Reads one tensor into memory of its own.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {SyntaxError} if the file has been cut since it was opened
   */
  read(name: string): Promise<Tensor>;
}

/** The error of a name that a file does not have; it suggests the nearest. */
export function noSuchTensor(name: string, path: string, names: Iterable<string>): RangeError {
  const nearest = nearestName(name, names);
  return new GenviewRangeError(
    `Cannot find tensor "${name}" in ${path}: ${
      nearest === undefined ? "the file has none" : `did you mean "${nearest}"?`
    }`,
  );
}
