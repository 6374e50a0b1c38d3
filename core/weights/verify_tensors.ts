/**
 * Comparing what a file of weights holds with what a network needs.
 *
 * @module
 */
import { sameShape, type Shape } from "../engine/graph/shape.ts";
import type { TensorFile } from "./tensor_file.ts";

/** What a network needs under a name. */
export interface ExpectedTensor {
  /** Its shape. */
  readonly shape: Shape;
}

/** What a file must hold for a network. */
export interface ExpectedFile {
  /** Its tensors, by the names that they have in the file. */
  readonly tensors: ReadonlyMap<string, ExpectedTensor>;
  /** Whether a tensor of the file must be among them; others are of other networks in the same file. */
  readonly belongs: (name: string) => boolean;
}

/** How a file differs from what is expected. */
export interface TensorDifferences {
  /** Names that the file does not have. */
  readonly missing: readonly string[];
  /** Names that nothing needs. */
  readonly unexpected: readonly string[];
  /** Names whose shape differs. */
  readonly misshapen: readonly {
    readonly name: string;
    readonly expected: Shape;
    readonly found: Shape;
  }[];
}

/** Whether nothing differs. */
export function agrees({ missing, unexpected, misshapen }: TensorDifferences): boolean {
  return missing.length + unexpected.length + misshapen.length === 0;
}

/**
 * Compares the names and shapes of a file's tensors with those that are expected; no data is read. Element types are
 * not compared, for weights are published in several.
 *
 * ```ts
 * import { verifyTensors } from "./verify_tensors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const type = { dtype: "float32", shape: [2, 3] } as const;
 * const found = { names: ["fc.weight"], type: () => type };
 * const expected = new Map([["fc.weight", { shape: [3, 2] }], ["fc.bias", { shape: [3] }]]);
 * const { missing, misshapen } = verifyTensors(expected, found);
 * assertEquals(missing, ["fc.bias"]);
 * assertEquals(misshapen, [{ name: "fc.weight", expected: [3, 2], found: [2, 3] }]);
 * ```
 *
 * @param belongs whether a name of the file must be among the expected (default: all); a file may hold other networks
 */
export function verifyTensors(
  expected: ReadonlyMap<string, ExpectedTensor>,
  found: Pick<TensorFile, "names" | "type">,
  belongs: (name: string) => boolean = () => true,
): TensorDifferences {
  const names = new Set(found.names);
  const misshapen: { name: string; expected: Shape; found: Shape }[] = [];
  for (const [name, { shape }] of expected) {
    if (!names.has(name)) continue;
    const type = found.type(name);
    if (!sameShape(type.shape, shape)) misshapen.push({ name, expected: shape, found: type.shape });
  }
  return {
    missing: [...expected.keys()].filter((name) => !names.has(name)),
    unexpected: found.names.filter((name) => !expected.has(name) && belongs(name)),
    misshapen,
  };
}
