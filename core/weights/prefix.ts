/**
 * What training programs put before the names of a network's tensors.
 *
 * @module
 */
import { type EncoderRole, roleOfPrefix } from "./layouts/layouts.ts";

/** How many of the wanted names follow each prefix, such as `module.encoder_q.`. */
export function countPrefixes(
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
 * Chooses the prefix that a layout has before the encoder that is asked for, and that most of the wanted names follow. One
 * that less than half of those follow that are found elsewhere is no encoder, such as a layer that is called alike.
 *
 * @param counts how many names follow each
 */
export function choosePrefix(
  counts: ReadonlyMap<string, number>,
  encoder: EncoderRole,
): FoundPrefix {
  const most = Math.max(0, ...counts.values());
  const suited = [...counts].filter(([prefix, count]) =>
    2 * count > most && roleOfPrefix(prefix) === encoder
  );
  const best = Math.max(0, ...suited.map(([, count]) => count));
  const known = suited.filter(([, count]) => count === best).map(([prefix]) => prefix);
  if (known.length === 1) return { prefix: known[0]!, candidates: [] };
  if (known.length > 1) return { candidates: known };
  const others = [...counts].filter(([, count]) => count === most).map(([prefix]) => prefix);
  return {
    candidates: others.filter((prefix) =>
      others.every((other) => other === prefix || !prefix.startsWith(other))
    ),
  };
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
 * assertEquals(findPrefix(names, new Set(["conv1.weight"]), "momentum").prefix, "module.encoder_k.");
 * ```
 *
 * @param names names in the file
 * @param wanted names of the network
 * @param encoder which of a checkpoint's encoders (default the one that was trained)
 */
export function findPrefix(
  names: Iterable<string>,
  wanted: ReadonlySet<string>,
  encoder: EncoderRole = "online",
): FoundPrefix {
  return choosePrefix(countPrefixes(names, wanted), encoder);
}

/** Says of a file in which a network was not found which prefixes its names have. */
export function describeCandidates({ candidates }: FoundPrefix): string {
  const listed = candidates.slice(0, 4).map((prefix) => `"${prefix}"`).join(" and ");
  const roles = candidates.map(roleOfPrefix);
  if (roles.every((role) => role === undefined)) {
    return `found them behind ${listed}: save that part alone, without the prefix`;
  }
  const [role] = new Set(roles);
  return candidates.length === 1 && role !== undefined
    ? `found only the ${role} encoder, behind ${listed}`
    : `found them behind ${listed}: save one of these parts alone`;
}
