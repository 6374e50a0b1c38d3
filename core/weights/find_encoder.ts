/**
 * The encoder within a checkpoint of a training program, under the own names of its tensors.
 *
 * @module
 */
import { sameShape } from "../engine/graph/shape.ts";
import type { TensorType } from "../engine/graph/tensor.ts";
import type { EncoderRole } from "./layouts/layouts.ts";
import { NAME_SCHEMES, type NameScheme, OWN_NAMES } from "./layouts/name_schemes.ts";
import { choosePrefix, countPrefixes, type FoundPrefix } from "./prefix.ts";
import type { TensorFile } from "./tensor_file.ts";

/** Where an encoder lies in a file. */
export interface FoundEncoder extends FoundPrefix {
  /** What its tensors are called behind the prefix. */
  readonly scheme: NameScheme;
}

/**
 * Finds an encoder in a file by the names of its tensors: what stands before them, and which library's they are.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findEncoder } from "./find_encoder.ts";
 *
 * const names = ["backbone.layers.0.ln1.bias", "momentum_encoder.module.0.layers.0.ln1.bias", "head.fc.bias"];
 * const { prefix, scheme } = findEncoder(names, new Set(["blocks.0.norm1.bias"]), "momentum");
 * assertEquals([prefix, scheme.name], ["momentum_encoder.module.0.", "mmpretrain's ViT"]);
 * ```
 *
 * @param names names in the file
 * @param wanted the encoder's own names
 * @param encoder which of a checkpoint's encoders (default the one that was trained)
 */
export function findEncoder(
  names: readonly string[],
  wanted: ReadonlySet<string>,
  encoder: EncoderRole = "online",
): FoundEncoder {
  let best = {
    scheme: OWN_NAMES,
    counts: new Map<string, number>() as ReadonlyMap<string, number>,
  };
  let most = 0;
  for (const scheme of NAME_SCHEMES) {
    const published = [...wanted].map(scheme.published).filter((name) => name !== undefined);
    const counts = countPrefixes(names, new Set(published));
    const count = Math.max(0, ...counts.values());
    if (count <= most) continue;
    most = count;
    best = { scheme, counts };
  }
  return { scheme: best.scheme, ...choosePrefix(best.counts, encoder) };
}

/** Own names of what a part of a file holds, with those in the file. */
function ownNames(
  names: Iterable<string>,
  prefix: string,
  { own }: NameScheme,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const renamed = own(name.slice(prefix.length));
    if (renamed !== undefined) found.set(renamed, name);
  }
  return found;
}

/** Takes off the axes of length 1 that a scheme adds. */
function withOwnShape<T extends TensorType>(
  name: string,
  value: T,
  { publishedShape }: NameScheme,
): T {
  const added = publishedShape(name, []);
  const own = value.shape.slice(0, value.shape.length - added.length);
  // Of another shape it is left as it is, and refused as such.
  return added.length > 0 && sameShape(publishedShape(name, own), value.shape)
    ? { ...value, shape: own }
    : value;
}

/** A part of an open file under own names, and what each is called in the file. */
export interface RenamedPart extends TensorFile {
  /** The name in the file of an own name. */
  nameInFile(name: string): string;
}

/**
 * A part of an open file: the tensors behind a prefix, under their own names. Errors of tensors that it has not are the
 * file's, with the name that it would have there.
 *
 * @param scheme what the tensors are called behind the prefix (default by their own names)
 */
export function partOf(
  file: TensorFile,
  prefix: string,
  scheme: NameScheme = OWN_NAMES,
): RenamedPart {
  const nameInFile = (name: string) => prefix + (scheme.published(name) ?? name);
  const unreadable = ownNames(file.unreadable.keys(), prefix, scheme);
  return {
    path: file.path,
    names: [...ownNames(file.names, prefix, scheme).keys()],
    unreadable: new Map(
      [...unreadable].map(([own, name]) => [own, file.unreadable.get(name)!]),
    ),
    nameInFile,
    has: (name) => file.has(nameInFile(name)),
    type: (name) => withOwnShape(name, file.type(nameInFile(name)), scheme),
    offset: (name) => file.offset(nameInFile(name)),
    read: async (name) => withOwnShape(name, await file.read(nameInFile(name)), scheme),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
