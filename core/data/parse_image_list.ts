/**
 * Lines of lists of images.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { splitLines } from "../files/lines.ts";
import type { ClassList } from "./class_list.ts";

/** One line of a list. */
export interface ListedImage {
  readonly path: string;
  readonly label?: number;
}

/** Problems that an error names. */
const SHOWN = 10;

/** Largest label: one of 32 bits. */
const LARGEST_LABEL = 2 ** 31 - 1;

/** A digit string after white space, at the end of a line. */
const LABEL = /^(.*\S)\s+(\d+)$/;

/** The label of a text that is the name of a class. */
type LabelOf = (name: string) => number | undefined;

/** A line without a tab: the label is what follows the last space, if it is a number or a class. */
function splitAtSpace(line: string, labelOf: LabelOf): ListedImage {
  const numbered = LABEL.exec(line);
  if (numbered) return { path: numbered[1]!, label: Number(numbered[2]) };
  const named = /^(.*\S)\s+(\S+)$/.exec(line);
  const label = named ? labelOf(named[2]!) : undefined;
  return label === undefined ? { path: line } : { path: named![1]!, label };
}

/** Splits one line; a text is what is wrong with it. */
function splitLine(line: string, labelOf: LabelOf, known: string): ListedImage | string {
  const [path, label, ...rest] = line.split("\t");
  if (label === undefined) return splitAtSpace(line, labelOf);
  if (rest.length > 0) return `it must have one tab at most, found ${rest.length + 1}`;
  if (path!.trim() === "") return "it must begin with a path, found none";
  if (label.trim() === "") return { path: path! };
  const text = label.trim();
  if (/^\d+$/.test(text)) return { path: path!, label: Number(text) };
  const named = labelOf(text);
  if (named !== undefined) return { path: path!, label: named };
  return `its label must be a whole number${known}, found "${text}"`;
}

/** What of a list says something, by the numbers of its lines. */
function contentOf(text: string): Map<number, string> {
  const lines = splitLines(text).map((line) => line.replace(/^ +/, "").replace(/ +$/, ""));
  return new Map(
    lines.map((line, i) => [i + 1, line] as const)
      .filter(([, line]) => line.trim() !== "" && !line.startsWith("#")),
  );
}

/** The largest label of a list that is written as a number; undefined if none is. */
export function largestNumber(text: string): number | undefined {
  let largest: number | undefined;
  for (const line of contentOf(text).values()) {
    const image = splitLine(line, () => undefined, "");
    if (typeof image === "string" || image.label === undefined) continue;
    largest = Math.max(largest ?? 0, image.label);
  }
  return largest;
}

/** What lines are read by. */
class LineReader {
  readonly #classes: ClassList | undefined;
  readonly #labels: ReadonlyMap<string, number>;
  /** Labels and lines of the images so far. */
  readonly #seen = new Map<string, { readonly label: number; readonly line: number }>();

  constructor(classes: ClassList | undefined) {
    this.#classes = classes;
    this.#labels = new Map(classes?.classes.map((name, label) => [name, label]));
  }

  /** Reads one line; a text is what is wrong with it. An image may stand in several lines, with one and the same label. */
  read(text: string, line: number): ListedImage | string {
    const image = this.#labelled(text);
    if (typeof image === "string" || image.label === undefined) return image;
    const { path, label } = image;
    const before = this.#seen.get(path);
    if (before === undefined) this.#seen.set(path, { label, line });
    else if (before.label !== label) {
      return `"${path}" must have one label, found ${label}, and ${before.label} in line ${before.line}`;
    }
    return image;
  }

  /** Reads one line by itself. */
  #labelled(line: string): ListedImage | string {
    const classes = this.#classes;
    const known = classes === undefined ? "" : ` or a class of ${classes.name}`;
    const image = splitLine(line, (name) => this.#labels.get(name), known);
    if (typeof image === "string" || image.label === undefined) return image;
    if (classes !== undefined && image.label >= classes.classes.length) {
      return `its label must be one of the ${classes.classes.length} classes of ${classes.name}, counted from 0, ` +
        `found ${image.label}; write names of classes where the list counts others`;
    }
    return image.label <= LARGEST_LABEL
      ? image
      : `its label must be at most ${LARGEST_LABEL}, found ${image.label}`;
  }
}

/**
 * Images by the numbers of their lines.
 *
 * @param classes names that labels may have
 * @throws {SyntaxError} as {@linkcode parseImageList} does
 */
export function parseImageLines(
  text: string,
  name: string,
  classes?: ClassList,
): Map<number, ListedImage> {
  const reader = new LineReader(classes);
  const images = new Map<number, ListedImage>();
  const problems: string[] = [];
  const bare: number[] = [];
  for (const [number, line] of contentOf(text)) {
    const parsed = reader.read(line, number);
    if (typeof parsed === "string") {
      problems.push(`line ${number}: ${parsed}`);
      continue;
    }
    if (parsed.label === undefined) bare.push(number);
    images.set(number, parsed);
  }
  if (bare.length > 0 && bare.length < images.size) {
    const shown = bare.slice(0, 5).join(", ") + (bare.length > 5 ? ", …" : "");
    problems.push(`all lines must have a label or none, found ${bare.length} without: ${shown}`);
  }
  if (problems.length > 0) {
    const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : "";
    throw new GenviewSyntaxError(
      `Cannot read the image list "${name}": ${problems.slice(0, SHOWN).join("; ")}${more}`,
    );
  }
  return images;
}

/**
 * Parses a list of images: one path in each line, and its label if there is one. Blank lines and those that begin with
 * `#` mean nothing.
 *
 * A tab stands between path and label, and the path is everything before it. In a line without a tab, a whole number
 * after the last space is the label; so a path that itself ends in a space and a number, such as `photo 12`, is
 * followed by a tab. The name of a class in place of its number is a label as well, where the classes are known.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseImageList("# animals\na cat.jpg 3\nphoto 12\t7\n"), [
 *   { path: "a cat.jpg", label: 3 },
 *   { path: "photo 12", label: 7 },
 * ]);
 * ```
 *
 * @param name what errors call the list
 * @param classes names that labels may have, and which numbers they are
 * @throws {SyntaxError} if lines are malformed or give an image two labels, naming the first ten; or if some have a label
 * and some do not
 */
export function parseImageList(text: string, name = "list", classes?: ClassList): ListedImage[] {
  return [...parseImageLines(text, name, classes).values()];
}
