/**
 * Names of the parts that `split` cuts a file into, `x.tar.aa`, `x.tar.ab`, or `x.tar.000`, `x.tar.001`; and other programs,
 * `x.tar.0` to `x.tar.11`.
 *
 * @module
 */
import { GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/** The name of a part: what all parts have in common, and what numbers this one. */
interface PartName {
  readonly stem: string;
  readonly suffix: string;
}

/** Endings of archives: of those that are compressed, too, so that an error can say what they are. */
const ARCHIVE = String.raw`\.(?:tar|tgz|tbz2?|txz|tzst)(?:\.(?:gz|bz2|xz|zst|lz4|lz|lzma|Z))?`;
const WHOLE = new RegExp(`${ARCHIVE}$`, "i");
const PART = new RegExp(`${ARCHIVE}[.\\-_](?:part[.\\-_]?)?(?:[a-z]+|\\d+)$`);

/** Whether a name is that of a whole archive. */
function isWhole(name: string): boolean {
  return WHOLE.test(name);
}

/** Whether a file of this name is taken for an archive or a part of one when a folder is searched. */
export function isTarName(name: string): boolean {
  return isWhole(name) || PART.test(name);
}

function parsePartName(name: string): PartName | undefined {
  const match = /^(.*[^a-z\d])([a-z]+)$/.exec(name) ?? /^(.*\D)(\d+)$/.exec(name);
  return match === null ? undefined : { stem: match[1]!, suffix: match[2]! };
}

/** Digits without the zeros before them. */
function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=.)/, "");
}

/**
 * Compares names of parts: by their numbers where they end in digits, so that `.2` comes before `.11`, else by code
 * units.
 */
export function comparePartNames(a: string, b: string): number {
  const [first, second] = [parsePartName(a), parsePartName(b)];
  if (first && second && first.stem === second.stem && isNumber(first) && isNumber(second)) {
    const [left, right] = [withoutZeros(first.suffix), withoutZeros(second.suffix)];
    if (left.length !== right.length) return left.length - right.length;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumber({ suffix }: PartName): boolean {
  return /^\d/.test(suffix);
}

/** The next suffix of the same length. */
function increment(suffix: string, alphabet: string): string | undefined {
  const last = alphabet.at(-1)!;
  const tail = suffix.length - new RegExp(`${last}*$`).exec(suffix)![0].length;
  // Numbers grow by a digit: 10 follows 9.
  if (tail === 0) return alphabet === DIGITS ? `1${"0".repeat(suffix.length)}` : undefined;
  const next = alphabet[alphabet.indexOf(suffix[tail - 1]!) + 1]!;
  return suffix.slice(0, tail - 1) + next + alphabet[0]!.repeat(suffix.length - tail);
}

/**
 * The next suffix where `split` chooses the length itself: `zaaa` follows `yz`, `zzaaaa` follows `zyzz`, so that the
 * names still sort.
 */
function widen(suffix: string, alphabet: string): string | undefined {
  const [last, beforeLast] = [alphabet.at(-1)!, alphabet.at(-2)!];
  const match = new RegExp(`^(${last}*)(${beforeLast}${last}+)$`).exec(suffix);
  if (match === null) return undefined;
  return match[1]! + last + alphabet[0]!.repeat(match[2]!.length + 1);
}

/** The first suffix of a length, of which there are two in digits: some count from one. */
function isFirst(suffix: string): boolean {
  return /^(a+|0*[01])$/.test(suffix);
}

/**
 * Checks that the names of parts, in order, follow each other without a gap.
 *
 * @throws {Deno.errors.NotFound} if a part is missing, naming it
 * @throws {TypeError} if the names are not those of parts of one file
 */
export function checkPartNames(names: readonly string[]): void {
  const first = names[0]!;
  const { stem, suffix } = parsePartName(first) ?? { stem: "", suffix: "" };
  const isArchive = isWhole(first) || !new RegExp(ARCHIVE, "i").test(stem);
  if (names.length === 1 && isArchive) return;
  // "gz" alone is no sign: it follows "gy".
  if (suffix === "" || isWhole(first)) throw notParts(...names.slice(0, 2));
  const alphabet = isNumber({ stem, suffix }) ? DIGITS : LETTERS;
  if (!isFirst(suffix)) {
    const wanted = stem + alphabet[0]!.repeat(suffix.length);
    throw new GenviewNotFound(
      `Cannot read the parts of ${stem}*: the first must be there, found ${first} but no ${wanted}`,
    );
  }
  let expected = [suffix];
  for (const name of names) {
    const part = parsePartName(name);
    if (part?.stem !== stem) throw notParts(first, name);
    if (!expected.includes(part.suffix)) {
      throw new GenviewNotFound(
        `Cannot read the parts of ${stem}*: none may be missing, found ${name} but no ` +
          (expected.length > 0 ? stem + expected[0] : "part that it follows"),
      );
    }
    expected = [increment(part.suffix, alphabet), widen(part.suffix, alphabet)]
      .filter((each) => each !== undefined);
  }
}

function notParts(...names: string[]): TypeError {
  return new GenviewTypeError(
    `Cannot join ${names.join(" and ")}: the parts of one tar must be named alike and end in ` +
      "aa, ab or 000, 001 or 0, 1 and so on",
  );
}
