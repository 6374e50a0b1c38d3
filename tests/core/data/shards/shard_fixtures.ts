/**
 * What reference/webdataset_shards.py wrote: shards, and what webdataset and pyarrow read from them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readSource } from "../../../../core/data/decode/decode_source.ts";
import { type Dataset, openData } from "../../../../core/data/mod.ts";
import { denoFolder } from "../../../deno_folder.ts";
import { inFolder } from "../../../in_folder.ts";
import facts from "../../../../fixtures/shards/shards.json" with { type: "json" };

/** Folder of the shards. */
export const SHARDS: string = new URL("../../../../fixtures/shards", import.meta.url).pathname;

/** Folder of the images that they hold. */
export const IMAGES: string = new URL("../../../../fixtures/images", import.meta.url).pathname;

/** A sample as the reference read it. */
export interface ReferenceSample {
  readonly path?: string | undefined;
  /** SHA-256 of the image's file. */
  readonly image: string;
  readonly label?: number | string;
}

/** What the reference read from each data set. */
export const SAMPLES: Readonly<Record<string, readonly ReferenceSample[]>> = facts.samples;

/** Names of the images, in the order of the samples. */
export const NAMES: readonly string[] = facts.images;

/** Names of the classes. */
export const CLASSES: readonly string[] = facts.classes;

/** Runs with a folder for the indexes, in place of the user's cache; processes that are started have it, too. */
export async function withCache(
  test: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const variables = { DENO_DIR: await denoFolder(), XDG_CACHE_HOME: `${folder}/cache` };
    const names = Object.keys(variables);
    const before = names.map((name) => Deno.env.get(name));
    for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
    try {
      await test((name) => `${folder}/${name}`);
    } finally {
      for (const [i, name] of names.entries()) {
        if (before[i] === undefined) Deno.env.delete(name);
        else Deno.env.set(name, before[i]);
      }
    }
  });
}

/** The bytes of the image of a sample. */
export async function imageOf(dataset: Dataset, index: number): Promise<Uint8Array<ArrayBuffer>> {
  const { source } = dataset.sample(index);
  if (source.kind !== "encoded") throw new Error("images of shards are encoded");
  return await readSource(source);
}

/** The samples of a data set, in the reference's words. */
export async function samplesOf(dataset: Dataset): Promise<ReferenceSample[]> {
  const samples: ReferenceSample[] = [];
  for (let i = 0; i < dataset.length; i++) {
    const { key, label } = dataset.sample(i);
    const image = createHash("sha256").update(await imageOf(dataset, i)).digest("hex");
    samples.push({ path: key, image, ...(label !== undefined && { label }) });
  }
  return samples;
}

/** Opens shards of the fixtures by name. */
export async function openFixture(name: string): Promise<Dataset> {
  return await openData(`${SHARDS}/${name}`);
}
