/**
 * Renaming of tensors by tables that read the same in both directions.
 *
 * @module
 */

/**
 * A name of one library and of another. Both may end in a dot, and then stand for all names that begin so; `{x}` stands
 * for a number, which is the same in both.
 */
export type Rename = readonly [published: string, own: string];

/** Gives what a name is called elsewhere; undefined if the table has no place for it. */
export type RenameTensor = (name: string) => string | undefined;

const NUMBER = /\{(\w+)\}/g;

function compile(from: string, to: string): RenameTensor {
  const variables = [...from.matchAll(NUMBER)].map(([, variable]) => variable!);
  const pattern = from.replaceAll(".", "\\.").replaceAll(NUMBER, "(\\d+)");
  const regex = new RegExp(`^${pattern}${from.endsWith(".") ? "(.+)" : ""}$`);
  return (name) => {
    const found = regex.exec(name);
    if (found === null) return undefined;
    const renamed = to.replaceAll(
      NUMBER,
      (_, variable: string) => found[variables.indexOf(variable) + 1]!,
    );
    return from.endsWith(".") ? renamed + found.at(-1)! : renamed;
  };
}

function firstOf(renames: readonly RenameTensor[]): RenameTensor {
  return (name) => {
    for (const rename of renames) {
      const renamed = rename(name);
      if (renamed !== undefined) return renamed;
    }
    return undefined;
  };
}

/**
 * Renames from a library's names to the own ones, by the first line of a table that fits.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toOwn, toPublished } from "./renames.ts";
 *
 * const table = [["layers.{i}.ln1.", "blocks.{i}.norm1."]] as const;
 * assertEquals(toOwn(table)("layers.11.ln1.bias"), "blocks.11.norm1.bias");
 * assertEquals(toPublished(table)("blocks.11.norm1.bias"), "layers.11.ln1.bias");
 * assertEquals(toOwn(table)("layers.ln1.bias"), undefined);
 * ```
 */
export function toOwn(renames: readonly Rename[]): RenameTensor {
  return firstOf(renames.map(([published, own]) => compile(published, own)));
}

/** Renames from the own names to a library's, by the first line of a table that fits. */
export function toPublished(renames: readonly Rename[]): RenameTensor {
  return firstOf(renames.map(([published, own]) => compile(own, published)));
}
