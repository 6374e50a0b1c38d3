/**
 * Variations in tar shards: files of a folder of variations, put into tars once there are enough of them.
 *
 * A variation is a file of its own until the tar that it goes into is whole. Who is killed before leaves the files, and who
 * is killed behind leaves files that a tar has, too, which the next run removes.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { readImageFile } from "../data/decode/read_image_file.ts";
import { imagesOfTars, tarsIn, writeTar } from "../data/mod.ts";
import type { Shard } from "../distributed/mod.ts";
import { explainingFileErrors, systemCode } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import type { PlannedVariation } from "./output_names.ts";

const PACKED = /^variations-(?:\d+-of-\d+-)?(\d{6,})\.tar$/;

/** What the names of a share's tars begin with. */
function prefixOf({ index, count }: Shard): string {
  return count === 1 ? "variations-" : `variations-${index}-of-${count}-`;
}

/** Tars of variations in a folder, in order; none if there is no such folder. */
export async function packedPaths(folder: string): Promise<string[]> {
  const found = await explainingFileErrors(`read ${folder}`, ifThere(Deno.stat(folder)));
  if (found === undefined) return [];
  return (await tarsIn(folder)).filter((path) => PACKED.test(basename(path)));
}

/** Paths of the variations that the tars of a folder hold. */
export async function packedVariations(folder: string): Promise<ReadonlySet<string>> {
  return new Set((await imagesOfTars(await packedPaths(folder))).keys());
}

/** Removes a folder that nothing is in any more. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await ifThere(Deno.remove(folder));
  } catch (cause) {
    if (systemCode(cause) === "ENOTEMPTY") return;
    throw cause;
  }
}

/** The files of a share's variations that are not yet in a tar. */
export class VariationPacker {
  readonly #folder: string;
  readonly #shard: Shard;
  readonly #size: number;
  #waiting: PlannedVariation[] = [];
  #next: number | undefined;

  /**
   * @param folder of the variations
   * @param shard the share, which must be locked
   * @param size variations of a tar; none are made if 0
   */
  constructor(folder: string, shard: Shard, size: number) {
    this.#folder = folder;
    this.#shard = shard;
    this.#size = size;
  }

  /** Takes variations whose files are in place and listed, and writes the tars that are full. */
  async add(variations: readonly PlannedVariation[]): Promise<void> {
    if (this.#size === 0) return;
    this.#waiting.push(...variations);
    while (this.#waiting.length >= this.#size) {
      await this.#pack(this.#waiting.slice(0, this.#size));
      this.#waiting = this.#waiting.slice(this.#size);
    }
  }

  /** Writes a last tar, of the files that are left, unless there are none. */
  async finish(): Promise<void> {
    if (this.#waiting.length > 0) await this.#pack(this.#waiting);
    this.#waiting = [];
  }

  /** The number behind those that the share's tars have. */
  async #number(): Promise<number> {
    if (this.#next !== undefined) return this.#next++;
    const prefix = prefixOf(this.#shard);
    const numbers = (await packedPaths(this.#folder)).map((path) => basename(path))
      .filter((name) => name.startsWith(prefix) && /^\d+\.tar$/.test(name.slice(prefix.length)))
      .map((name) => parseInt(name.slice(prefix.length)));
    const first = Math.max(-1, ...numbers) + 1;
    this.#next = first + 1;
    return first;
  }

  async #pack(variations: readonly PlannedVariation[]): Promise<void> {
    const folder = this.#folder;
    async function* files() {
      for (const { path } of variations) {
        yield { path, bytes: await readImageFile(join(folder, path)) };
      }
    }
    const number = String(await this.#number()).padStart(6, "0");
    await writeTar(join(folder, `${prefixOf(this.#shard)}${number}.tar`), files());
    await removePacked(folder, variations);
  }
}

/** Removes the files of variations that a tar has, and the folders of single images that they leave empty. */
export async function removePacked(
  folder: string,
  variations: readonly PlannedVariation[],
): Promise<void> {
  const own = new Set<string>();
  for (const { path, key } of variations) {
    const file = join(folder, path);
    await explainingFileErrors(`remove ${file}`, ifThere(Deno.remove(file)));
    // The folder of one image's variations is nobody else's; that of a class may get others at this moment.
    if (dirname(path) === key.replace(/\.[^./]+$/, "")) own.add(join(folder, dirname(path)));
  }
  for (const place of own) await removeIfEmpty(place);
}

/** Removes the folders that variations have left empty; nobody may be at work there. */
export async function removeEmptyFolders(
  folder: string,
  variations: readonly PlannedVariation[],
): Promise<void> {
  const places = new Set<string>();
  for (const { path } of variations) {
    for (let place = dirname(path); place !== "."; place = dirname(place)) places.add(place);
  }
  // Those within others come first.
  const deepest = [...places].sort((a, b) => b.split("/").length - a.split("/").length);
  for (const place of deepest) await removeIfEmpty(join(folder, place));
}
