/**
 * A list of the variations that a folder has, for training programs that want one.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { dirname, join, relative, resolve } from "node:path";
import { openVariationFolder, tarsIn } from "../data/mod.ts";
import { checkFree } from "../files/check_free.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { writeNewFile } from "../files/new_file.ts";
import { readManifests } from "./manifest.ts";

/** What is listed, and where. */
export interface ListVariationsOptions {
  /** Folder of the variations. */
  readonly inputDir: string;
  /** The list (default `train_variations.txt` in the folder). */
  readonly output?: string | undefined;
  /** Folder that the paths are relative to (default that of the list, where a data set looks for them). */
  readonly relativeTo?: string | undefined;
  /** Whether an existing list is replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/** A list that has been written. */
export interface VariationList {
  /** Where it lies. */
  readonly path: string;
  /** Variations in it. */
  readonly count: number;
  /** Variations of the manifests whose files no longer exist. */
  readonly gone: number;
}

/** How many variations the manifests of a folder have of which the files are gone. */
async function countGone(folder: string, there: ReadonlySet<string>): Promise<number> {
  let gone = 0;
  for await (const { path } of readManifests(folder)) if (!there.has(path)) gone++;
  return gone;
}

/**
 * Lists the images below a folder, a path in each line, in order; as GenView's `train_variations.txt`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listVariations } from "./list_variations.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/cats`);
 * for (const name of ["cats/1.png", "cats/0.png"]) await Deno.writeTextFile(`${folder}/${name}`, "");
 * const { path, count } = await listVariations({ inputDir: folder });
 * assertEquals([await Deno.readTextFile(path), count], ["cats/0.png\ncats/1.png\n", 2]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {TypeError} if the folder holds no images
 * @throws {Deno.errors.AlreadyExists} if the list exists and is not to be replaced
 */
export async function listVariations(options: ListVariationsOptions): Promise<VariationList> {
  const { inputDir, overwrite = false } = options;
  const path = options.output || join(inputDir, "train_variations.txt");
  if (!overwrite) await checkFree(path, "--overwrite replaces it");
  const [tar] = await tarsIn(inputDir);
  if (tar !== undefined) {
    throw new GenviewTypeError(
      `Cannot list variations: ${inputDir} must hold them as files, found ${tar}; training takes a folder of tars by its own name`,
    );
  }
  const { paths } = await explainingFileErrors(`list ${inputDir}`, openVariationFolder(inputDir));
  if (paths.length === 0) {
    throw new GenviewTypeError(`Cannot list variations: ${inputDir} must hold images, found none`);
  }
  const root = resolve(options.relativeTo || dirname(path));
  const lines = paths.map((image) =>
    relative(root, resolve(inputDir, image)).replaceAll("\\", "/") + "\n"
  );
  await writeNewFile(path, lines.join(""), { overwrite });
  return { path, count: paths.length, gone: await countGone(inputDir, new Set(paths)) };
}
