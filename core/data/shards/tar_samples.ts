/**
 * The samples of a tar in the layout of WebDataset: files that follow each other and have the same path up to the first
 * dot of their name are one sample.
 *
 * Source: `webdataset/tariterators.py`, `base_plus_ext` and `group_by_keys`.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../../errors/mod.ts";
import { parseJson } from "../../files/json.ts";
import { IMAGE_EXTENSIONS, isImageName } from "../image_folder.ts";
import type { ShardSamples, WrittenLabel } from "./shard_index.ts";
import { type TarMember, tarMembers } from "./tar_members.ts";

/** Files that say a label, the first of which counts. */
const LABEL_EXTENSIONS = ["cls", "json", "txt"] as const;

type LabelExtension = typeof LABEL_EXTENSIONS[number];

/** Bytes of a file that says a label, at most. */
const MOST_LABEL_BYTES = 1 << 20;

/** A path as the key of its sample and the rest behind the dot, in small letters; undefined for a name without a dot. */
export function splitMember(path: string): readonly [key: string, extension: string] | undefined {
  const match = /^((?:.*\/|)[^.]+)[.]([^/]*)$/s.exec(path);
  return match === null ? undefined : [match[1]!, match[2]!.toLowerCase()];
}

function isLabelExtension(extension: string): extension is LabelExtension {
  return (LABEL_EXTENSIONS as readonly string[]).includes(extension);
}

/** The extension behind the last dot, where there are several: `jpg` of `left.jpg`. */
function lastExtension(extension: string): string {
  return extension.slice(extension.lastIndexOf(".") + 1);
}

/** A label from a text: a whole number, or a name. */
export function labelOfText(text: string): WrittenLabel {
  const trimmed = text.trim();
  const number = Number(trimmed);
  return /^\d+$/.test(trimmed) && Number.isSafeInteger(number) ? number : trimmed;
}

/** The label that a file says; null if it says none: JSON without a label, or a text that may as well be a caption. */
function labelOf(extension: LabelExtension, text: string, name: string): WrittenLabel | null {
  if (extension !== "json") {
    const label = labelOfText(text);
    return label === "" || (extension === "txt" && typeof label === "string") ? null : label;
  }
  const { label } = Object(parseJson(text, `read ${name}`));
  if (label === undefined || label === null) return null;
  const isLabel = typeof label === "string" || (Number.isSafeInteger(label) && label >= 0);
  if (isLabel) return typeof label === "string" ? labelOfText(label) : label;
  throw new GenviewSyntaxError(
    `Cannot read ${name}: its label must be a whole number or a name, found ${
      JSON.stringify(label)
    }`,
  );
}

/** The files of one sample. */
interface Group {
  readonly key: string;
  readonly images: Map<string, TarMember>;
  readonly extensions: Set<string>;
  readonly labels: Map<LabelExtension, WrittenLabel | null>;
}

/** The one image of a sample: what has an image's extension alone, or else what has one behind others. */
function imageOf({ key, images }: Group, shard: string): TarMember | undefined {
  const plain = [...images].filter(([extension]) => !extension.includes("."));
  const found = plain.length > 0 ? plain : [...images];
  if (found.length <= 1) return found[0]?.[1];
  throw new GenviewTypeError(
    `Cannot read the shard ${shard}: a sample must have one image, found ${
      found.map(([extension]) => extension).join(" and ")
    } of ${JSON.stringify(key)}`,
  );
}

/** A sample that is met a second time. */
export function repeatedKey(key: string, shard: string, before: string): TypeError {
  const places = shard === before ? `apart in ${shard}` : `in ${before} and in ${shard}`;
  return new GenviewTypeError(
    `Cannot read the shard ${shard}: all files of a sample must follow each other in one shard, and two samples must not ` +
      `have one key, found ${JSON.stringify(key)} ${places}`,
  );
}

/**
 * Reads what images a tar has, each by itself, whatever its name shares with others; of a path that stands in it twice the
 * latter, as a tar is unpacked.
 *
 * @throws {TypeError} if the tar is compressed, damaged or truncated, naming the byte
 */
export async function readTarImages(shard: string): Promise<ShardSamples> {
  const images = new Map<string, readonly [offset: number, size: number]>();
  for await (const { path, offset, size } of tarMembers(shard)) {
    if (isImageName(path)) images.set(path, [offset, size]);
  }
  const places = [...images.values()];
  return {
    paths: [...images.keys()],
    offsets: places.map(([offset]) => offset),
    sizes: places.map(([, size]) => size),
    labels: [],
    others: [],
    runs: [images.size],
  };
}

/**
 * Reads what samples a tar has: by its headers, and the files that say labels: `cls`; `json` with a `label`; `txt` that
 * is a whole number. Samples without an image are left out, and their keys told.
 *
 * @throws {TypeError} if the tar is compressed, damaged or truncated, naming the byte, or files of a sample do not follow each
 * other
 * @throws {SyntaxError} if a label is neither a whole number nor a name
 */
export async function readTarSamples(shard: string): Promise<ShardSamples> {
  const [paths, offsets, sizes]: [string[], number[], number[]] = [[], [], []];
  const labels: (WrittenLabel | null)[] = [];
  const others: string[] = [];
  const keys = new Set<string>();
  const finish = (group: Group | undefined) => {
    if (group === undefined) return;
    const image = imageOf(group, shard);
    if (image === undefined) return void others.push(group.key);
    const said = LABEL_EXTENSIONS.map((extension) => group.labels.get(extension) ?? null);
    paths.push(image.path);
    offsets.push(image.offset);
    sizes.push(image.size);
    labels.push(said.find((label) => label !== null) ?? null);
  };
  let group: Group | undefined;
  for await (const member of tarMembers(shard)) {
    const split = splitMember(member.path);
    if (split === undefined) continue;
    const [key, extension] = split;
    if (key !== group?.key) {
      finish(group);
      if (keys.has(key)) throw repeatedKey(key, shard, shard);
      keys.add(key);
      group = { key, images: new Map(), extensions: new Set(), labels: new Map() };
    }
    if (group.extensions.has(extension)) {
      throw new GenviewTypeError(
        `Cannot read the shard ${shard}: each file must have a name of its own, found two ${
          JSON.stringify(member.path)
        }`,
      );
    }
    group.extensions.add(extension);
    if (IMAGE_EXTENSIONS.includes(lastExtension(extension))) group.images.set(extension, member);
    else if (isLabelExtension(extension) && member.size <= MOST_LABEL_BYTES) {
      const text = new TextDecoder().decode(await member.read());
      group.labels.set(extension, labelOf(extension, text, `${member.path} in ${shard}`));
    }
  }
  finish(group);
  return { paths, offsets, sizes, labels, others, runs: [paths.length] };
}
