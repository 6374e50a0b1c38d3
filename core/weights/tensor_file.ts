/**
 * What all files of named tensors have in common.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import type { Tensor, TensorType } from "../engine/graph/tensor.ts";
import { nearestName } from "../schema/nearest_name.ts";

/** An open file of named tensors, of which none is read before it is asked for; closes with `using`. */
export interface TensorFile extends Disposable {
  /** Where the file lies. */
  readonly path: string;
  /** Names of the tensors. */
  readonly names: readonly string[];
  /** Tensors that cannot be read, by name, each with the reason; they are not among `names`. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Whether there is a tensor of this name that can be read. */
  has(name: string): boolean;
  /**
   * Element type and shape of a tensor.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   */
  type(name: string): TensorType;
  /**
   * Where a tensor's first byte lies, counted from the start of the file, as ONNX's external data needs it; undefined
   * if its elements do not follow each other row by row.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   */
  offset(name: string): number | undefined;
  /**
   * Reads one tensor into memory of its own.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   * @throws {SyntaxError} if the file has been cut since it was opened
   */
  read(name: string): Promise<Tensor>;
}

/** The error of a name that a file does not have, or cannot be read; of names that are not there it suggests the nearest. */
export function noSuchTensor(
  name: string,
  { path, names, unreadable }: Pick<TensorFile, "path" | "names" | "unreadable">,
): RangeError | TypeError {
  const reason = unreadable.get(name);
  if (reason !== undefined) {
    return new GenviewTypeError(`Cannot read tensor "${name}" of ${path}: ${reason}`);
  }
  const nearest = nearestName(name, names);
  return new GenviewRangeError(
    `Cannot find tensor "${name}" in ${path}: ${
      nearest === undefined ? "the file has none" : `did you mean "${nearest}"?`
    }`,
  );
}

/** What a file holds, for an error: its first names, or why there are none. */
export function describeNames(
  { names, unreadable }: Pick<TensorFile, "names" | "unreadable">,
): string {
  if (names.length > 0) {
    return names.slice(0, 3).map((name) => `"${name}"`).join(", ") +
      (names.length > 3 ? ` and ${names.length - 3} more` : "");
  }
  const [first] = unreadable;
  if (first === undefined) return "no tensors";
  const [name, reason] = first;
  return name === ""
    ? `no tensors: ${reason}; save its state_dict() instead`
    : `no tensors that can be read: of "${name}", ${reason}`;
}
