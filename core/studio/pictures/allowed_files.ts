/**
 * Files that a run or an output folder names, and that the studio may read: those below its root and below the folders that
 * its user has named beside it.
 *
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import type { Dataset, ImageSource, Sample } from "../../data/dataset.ts";
import { openImage } from "../../data/decode/encoded_image.ts";
import { UnreadableImageError } from "../../data/decode/unreadable_image_error.ts";
import {
  isEmojiName,
  openData,
  openTrainingData,
  type TrainingDataOptions,
} from "../../data/open_data.ts";
import { findShards, isShardName } from "../../data/shards/shard_names.ts";
import { expand } from "../../deps/brace_expansion.ts";
import { GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { isAllowed, type ReadFolders, realPathOf } from "../confined_files.ts";
import { Recent } from "./recent.ts";

/** Bytes of an image file, at most: it is read whole. */
const MOST_BYTES = 256 << 20;

/** Pixels of an image, at most: 300 MB when decoded. */
const MOST_PIXELS = 100_000_000;

/** Opens what is named, where the studio may read it. */
export class AllowedFiles {
  readonly #folders: ReadFolders;
  readonly #recent = new Recent<Dataset>({ most: 2, seconds: 300 });

  /** Nothing is read yet. */
  constructor(folders: ReadFolders) {
    this.#folders = folders;
  }

  #refuse(path: string): never {
    throw new GenviewTypeError(
      `Cannot show ${path}: it must lie below the studio's root or a folder that was named beside it, found it ` +
        "elsewhere; name its folder by --data, or start the studio at a folder that holds both",
    );
  }

  /**
   * The path by which a program that a run belongs to has named a file or folder: relative ones are so to the working folder,
   * or else to the root.
   *
   * @throws {TypeError} if it, or what it links to, lies elsewhere
   * @throws {Deno.errors.NotFound} if there is nothing
   */
  async path(name: string): Promise<string> {
    const candidates = isAbsolute(name) ? [name] : [name, join(this.#folders.root, name)];
    for (const path of candidates) {
      const real = await realPathOf(path);
      if (real === undefined) continue;
      return isAllowed(real, this.#folders) ? path : this.#refuse(name);
    }
    throw new GenviewNotFound(`Cannot find ${name}: there is no such file or folder`);
  }

  /** Refuses a folder of which a link leads elsewhere: listing it would list others' files. */
  async #checkLinks(folder: string): Promise<void> {
    const entries = await explainingFileErrors(
      `list ${folder}`,
      Array.fromAsync(Deno.readDir(folder)),
    );
    for (const { name, isDirectory, isSymlink } of entries) {
      const path = join(folder, name);
      if (isDirectory) await this.#checkLinks(path);
      if (!isSymlink) continue;
      const real = await realPathOf(path);
      if (real !== undefined && !isAllowed(real, this.#folders)) this.#refuse(path);
    }
  }

  /** The name of data as it is opened, all of whose files may be read. */
  async #data(name: string): Promise<string> {
    if (isEmojiName(name)) return name;
    if (name.includes("\0")) {
      throw new GenviewTypeError(
        `Cannot show ${JSON.stringify(name)}: a path cannot have such a sign`,
      );
    }
    if (isShardName(name) && await realPathOf(name) === undefined) {
      // A pattern: its folders are asked for before they are listed.
      for (const each of expand(name)) await this.path(dirname(each));
      for (const path of (await findShards(name))?.paths ?? []) await this.path(path);
      return name;
    }
    const path = await this.path(name);
    const { isDirectory } = await explainingFileErrors(`read ${path}`, Deno.stat(path));
    if (isDirectory) await this.#checkLinks(path);
    return path;
  }

  /**
   * Opens data by name, as `openData` does, with images that are the same in every epoch.
   *
   * @throws {TypeError} if there are none, or they lie elsewhere
   */
  async open(name: string): Promise<Dataset> {
    return await this.#recent.open(
      name,
      async () => this.dataset(await openData(await this.#data(name))),
    );
  }

  /**
   * Opens the data that a run is trained on, with its variations, as `openTrainingData` does.
   *
   * @throws {TypeError} if there are none, they do not belong together, or lie elsewhere
   */
  async openTraining(options: TrainingDataOptions): Promise<Dataset> {
    const { data, variations = "", variationKey, missingVariation, seed } = options;
    const name = JSON.stringify([data, variations, variationKey, missingVariation, seed]);
    return await this.#recent.open(name, async () =>
      this.dataset(
        await openTrainingData({
          ...options,
          data: await this.#data(data),
          ...(variations !== "" && { variations: await this.#data(variations) }),
        }),
      ));
  }

  /** A data set of whose images those are unreadable that lie elsewhere, or would take too much memory. */
  dataset(dataset: Dataset): Dataset {
    return {
      ...dataset,
      sample: (index) => {
        const sample: Sample = dataset.sample(index);
        const { variations } = sample;
        return {
          ...sample,
          source: this.source(sample.source),
          ...(variations && { variations: variations.map((each) => this.source(each)) }),
        };
      },
    };
  }

  /** An image that is unreadable where it lies elsewhere, or would take too much memory. */
  source(source: ImageSource): ImageSource {
    if (source.kind === "rendered") return source;
    const { name, place } = source;
    return { ...source, read: () => this.#read(source, place?.path ?? name, place === undefined) };
  }

  async #read(
    source: ImageSource & { readonly kind: "encoded" },
    path: string,
    isOwnFile: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { name } = source;
    const real = await realPathOf(path);
    if (real === undefined) throw new UnreadableImageError(name, "no such file");
    if (!isAllowed(real, this.#folders)) {
      throw new UnreadableImageError(name, "a file outside of what the studio may read");
    }
    const found = isOwnFile ? await ifThere(Deno.stat(real)) : undefined;
    if (found !== undefined && found.size > MOST_BYTES) {
      throw new UnreadableImageError(name, `${found.size} bytes, of at most ${MOST_BYTES}`);
    }
    const bytes = await source.read();
    const { width, height } = await openImage(bytes, name);
    if (width * height <= MOST_PIXELS) return bytes;
    throw new UnreadableImageError(name, `${width} x ${height} pixels, of at most ${MOST_PIXELS}`);
  }
}
