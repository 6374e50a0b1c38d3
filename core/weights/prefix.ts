/**
 * What training programs put before the names of a network's tensors.
 *
 * @module
 */
import type { TensorFile } from "./tensor_file.ts";

/** Parts of prefixes that are taken off, and what puts them there. */
const KNOWN_PARTS: ReadonlySet<string> = new Set([
  // DistributedDataParallel and DataParallel of PyTorch.
  "module",
  // torch.compile.
  "_orig_mod",
  // Runs of genview, mmpretrain, solo-learn and lightly.
  "backbone",
  // MoCo v1 and v2.
  "encoder_q",
  // MoCo v3.
  "base_encoder",
  // SimSiam and BYOL.
  "encoder",
  // Entries of a checkpoint, and modules within PyTorch Lightning's.
  "model",
  "state_dict",
]);

/** Whether a prefix is made of known parts alone; the empty one is. */
function isKnown(prefix: string): boolean {
  return prefix.split(".").slice(0, -1).every((part) => KNOWN_PARTS.has(part));
}

/** How many of the wanted names follow each prefix. */
function countPrefixes(
  names: Iterable<string>,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    for (let at = 0; at !== -1;) {
      if (wanted.has(name.slice(at))) {
        const prefix = name.slice(0, at);
        counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
      }
      const dot = name.indexOf(".", at);
      at = dot === -1 ? -1 : dot + 1;
    }
  }
  return counts;
}

/** What {@linkcode findPrefix} finds. */
export interface FoundPrefix {
  /** What is before the names, such as `module.encoder_q.`; undefined if it is not known, or is one of several. */
  readonly prefix?: string;
  /** Where there is none, the prefixes behind which the names stand: unknown ones, or several that are known. */
  readonly candidates: readonly string[];
}

/**
 * Finds what stands before the names of a network in a file: nothing, or nested prefixes of training programs.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findPrefix } from "./prefix.ts";
 *
 * const names = ["module.encoder_q.conv1.weight", "module.encoder_k.conv1.weight"];
 * assertEquals(findPrefix(names, new Set(["conv1.weight"])).prefix, "module.encoder_q.");
 * ```
 *
 * @param names names in the file
 * @param wanted names of the network
 */
export function findPrefix(names: Iterable<string>, wanted: ReadonlySet<string>): FoundPrefix {
  const counts = countPrefixes(names, wanted);
  const most = Math.max(0, ...counts.values());
  const best = [...counts].filter(([, count]) => count === most).map(([prefix]) => prefix);
  const known = best.filter(isKnown);
  if (known.length === 1) return { prefix: known[0]!, candidates: [] };
  if (known.length > 1) return { candidates: known };
  return {
    candidates: best.filter((prefix) =>
      best.every((other) => other === prefix || !prefix.startsWith(other))
    ),
  };
}

/** Says of a file in which a network was not found which prefixes its names have. */
export function describeCandidates({ candidates }: FoundPrefix): string {
  const listed = candidates.slice(0, 4).map((prefix) => `"${prefix}"`).join(" and ");
  return candidates.every(isKnown)
    ? `found them behind ${listed}: save one of these parts alone`
    : `found them behind ${listed}: save that part alone, without the prefix`;
}

/** A part of an open file: the tensors whose names begin with a prefix, under their names without it. */
export function withoutPrefix(file: TensorFile, prefix: string): TensorFile {
  if (prefix === "") return file;
  const cut = (name: string) => name.slice(prefix.length);
  return {
    path: file.path,
    names: file.names.filter((name) => name.startsWith(prefix)).map(cut),
    unreadable: new Map(
      [...file.unreadable].filter(([name]) => name.startsWith(prefix))
        .map(([name, reason]) => [cut(name), reason]),
    ),
    has: (name) => file.has(prefix + name),
    type: (name) => file.type(prefix + name),
    offset: (name) => file.offset(prefix + name),
    read: (name) => file.read(prefix + name),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
