/**
 * Where the images of a tar lie in it, so that they are read in place.
 *
 * The index is a file of JSON lines: `{"version":1,"parts":[{"path","size"}]}`, paths relative to its folder, then
 * `{"path","offset","size"}` for each image, offsets counted from the beginning of the first part.
 *
 * @module
 */
import { counted } from "../../schema/counted.ts";
import {
  GenviewNotFound,
  GenviewRangeError,
  GenviewSyntaxError,
  GenviewTypeError,
} from "../../errors/mod.ts";
import { dirname, join, relative, resolve, sep } from "node:path";
import { checkFree } from "../../files/check_free.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { linesOf } from "../../files/lines.ts";
import { removeTemporaries, writeAll, writeNewFile } from "../../files/new_file.ts";
import { isImageName } from "../image_folder.ts";
import { normalizeKey } from "../relative_path.ts";
import type { VariationFiles } from "../variations.ts";
import { isGzip } from "./compression.ts";
import { tarEntries } from "./entries.ts";
import type { TarProgress } from "./extract.ts";
import { changedPart, readRange, type TarPart, totalSize } from "./parts.ts";

const VERSION = 1;
/** Characters of lines that are written at once. */
const BUFFERED_CHARACTERS = 1 << 16;

/** The images of a tar, read from its parts. */
export interface TarIndex extends VariationFiles {
  /** The parts, in order, with their paths from the working folder. */
  readonly parts: readonly TarPart[];
}

/** How {@linkcode indexTar} runs. */
export interface IndexOptions {
  /** Whether an existing index is replaced; by default it may not be. */
  readonly overwrite?: boolean;
  /** Ends the indexing; nothing is written then. */
  readonly signal?: AbortSignal;
  /** Called with the progress after each file of the tar and at the end. */
  readonly onProgress?: (progress: TarProgress) => void;
}

/** The first line of an index. */
function headLine(parts: readonly TarPart[], path: string): string {
  const folder = dirname(resolve(path));
  const placed = parts.map((part) => ({
    path: relative(folder, resolve(part.path)).replaceAll(sep, "/"),
    size: part.size,
  }));
  return `${JSON.stringify({ version: VERSION, parts: placed })}\n`;
}

/**
 * Writes an index of the images in a tar; other files in it are left out. The index appears whole or not at all; its
 * folder is locked meanwhile.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { IMAGES, split, tarOf } from "../../../tests/core/data/tar/made_tar.ts";
 * import { findTarParts } from "./parts.ts";
 * import { indexTar, openTarIndex } from "./tar_index.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await split(await tarOf(IMAGES), `${folder}/train_variations.tar.`, 4000);
 * const index = `${folder}/train_variations.jsonl`;
 * assertEquals(await indexTar(await findTarParts([folder]), index), 5);
 * const { paths } = await openTarIndex(index);
 * assertEquals(paths[0], "train/n01440764/a.JPEG");
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @returns how many images there are
 * @throws {Deno.errors.AlreadyExists} if there is such a file and `overwrite` is not set, or another process is at work
 * in its folder
 * @throws {TypeError} if the tar is compressed, damaged or truncated, holds no image, or something that is no file
 * @throws the signal's reason if it came before the end
 */
export async function indexTar(
  parts: readonly TarPart[],
  path: string,
  { overwrite = false, signal, onProgress }: IndexOptions = {},
): Promise<number> {
  if (!overwrite) await checkFree(path, "choose another or set overwrite");
  if (await isGzip(parts)) {
    throw new GenviewTypeError(
      `Cannot index ${parts[0]!.path}: a tar that is read in place must not be compressed, found ` +
        "gzip; extract it, or decompress it first",
    );
  }
  let [bytes, files, images] = [0, 0, 0];
  const folder = dirname(resolve(path));
  using _lock = await FolderLock.acquire(folder);
  await removeTemporaries(folder);
  await writeNewFile(path, async (file) => {
    const encoder = new TextEncoder();
    let lines = headLine(parts, path);
    for await (const entry of tarEntries(parts, (read) => bytes = read)) {
      signal?.throwIfAborted();
      files++;
      if (isImageName(entry.path)) {
        images++;
        const { path, offset, size } = entry;
        lines += `${JSON.stringify({ path, offset, size })}\n`;
      }
      if (lines.length > BUFFERED_CHARACTERS) {
        await writeAll(file, encoder.encode(lines));
        lines = "";
      }
      onProgress?.({ bytes, files });
    }
    if (images === 0) {
      throw new GenviewTypeError(
        `Cannot index ${parts[0]!.path}: the tar must hold images, found none in ${
          counted(files, "file")
        }`,
      );
    }
    await writeAll(file, encoder.encode(lines));
    onProgress?.({ bytes, files });
  }, { overwrite });
  return images;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function malformed(path: string, line: number, rule: string, text: string): SyntaxError {
  return new GenviewSyntaxError(
    `Cannot read the index ${path}: line ${line} must be ${rule}, found ${
      text.trimEnd().slice(0, 200)
    }`,
  );
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    // The check that follows names the line.
    return {};
  }
}

/** Parses the first line. */
function parseHead(text: string, path: string): TarPart[] {
  const { version, parts } = parseObject(text);
  const isPart = (part: Partial<TarPart> | null) =>
    typeof part?.path === "string" && isCount(part.size);
  if (version === VERSION && Array.isArray(parts) && parts.length > 0 && parts.every(isPart)) {
    const place = (part: string) => resolve(part) === part ? part : join(dirname(path), part);
    return parts.map((part: TarPart) => ({ path: place(part.path), size: part.size }));
  }
  throw malformed(path, 1, `{"version":${VERSION},"parts":[{"path","size"}]}`, text);
}

/** Refuses parts that are not as they were when they were indexed. */
async function checkParts(parts: readonly TarPart[], index: string): Promise<void> {
  for (const part of parts) {
    const found = await ifThere(Deno.stat(part.path));
    if (found === undefined) {
      throw new GenviewNotFound(
        `Cannot read the index ${index}: its parts must be where they were, found no ${part.path}`,
      );
    }
    if (found.size !== part.size) {
      throw changedPart(part, `${found.size} bytes; make the index ${index} again`);
    }
  }
}

/** What an index says of its images: for each, where it begins and how many bytes it has. */
interface Images {
  readonly numbers: ReadonlyMap<string, number>;
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

/** Parses the lines after the first. */
async function parseImages(
  lines: AsyncIterable<string>,
  path: string,
  total: number,
): Promise<Images> {
  const numbers = new Map<string, number>();
  const [offsets, sizes]: [number[], number[]] = [[], []];
  for await (const text of lines) {
    const { path: written, offset, size } = parseObject(text);
    const image = typeof written === "string" ? normalizeKey(written) : "";
    const fits = image !== "" && isCount(offset) && isCount(size) &&
      offset + size <= total && !numbers.has(image);
    if (!fits) {
      const rule = `{"path","offset","size"} of another image within the ${total} bytes of the tar`;
      throw malformed(path, numbers.size + 2, rule, text);
    }
    numbers.set(image, numbers.size);
    offsets.push(offset);
    sizes.push(size);
  }
  return { numbers, offsets, sizes };
}

/** Reads an index, and checks that its parts are as they were. */
async function readIndex(path: string): Promise<{ parts: TarPart[]; images: Images }> {
  const file = await explainingFileErrors(`read the index ${path}`, Deno.open(path));
  const lines = linesOf(file.readable);
  try {
    const head = await lines.next();
    const parts = parseHead(head.done ? "" : head.value, path);
    await checkParts(parts, path);
    return { parts, images: await parseImages(lines, path, totalSize(parts)) };
  } finally {
    await lines.return(undefined);
  }
}

/**
 * Opens an index of {@linkcode indexTar}. Images are read from the parts, wherever they lie in them.
 *
 * @throws {Deno.errors.NotFound} if the index or a part is not there
 * @throws {SyntaxError} if it is no such index
 * @throws {TypeError} if a part has another size than it had
 */
export async function openTarIndex(path: string): Promise<TarIndex> {
  const { parts, images: { numbers, offsets, sizes } } = await readIndex(path);
  return {
    name: path,
    paths: [...numbers.keys()],
    parts,
    source(image) {
      const number = numbers.get(normalizeKey(image));
      if (number === undefined) {
        throw new GenviewRangeError(
          `Cannot give an image of ${path}: it must be in it, found ${image}`,
        );
      }
      const [offset, size] = [offsets[number]!, sizes[number]!];
      return {
        kind: "encoded",
        name: `${image} in ${path}`,
        read: () => readRange(parts, offset, size),
      };
    },
  };
}
