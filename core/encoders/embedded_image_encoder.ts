/**
 * The image encoder of the project's own generator, which lies with the library's code.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GenviewNotFound } from "../errors/mod.ts";
import { ifThere } from "../files/if_there.ts";
import { writeNewFileInFolder } from "../files/new_file.ts";
import { userCache } from "../files/user_cache.ts";

/** Where the generator lies, beside the library's code. */
const GENERATOR = new URL("../../fixtures/generator/", import.meta.url);

/** The weights, last, as nothing of the encoder is there without them. */
const FILES = [
  "feature_extractor/preprocessor_config.json",
  "image_encoder/config.json",
  "image_encoder/model.safetensors",
] as const;

/** Fetches a file to its place in the cache, unless it is there. */
async function keep(url: URL, path: string): Promise<void> {
  if (await ifThere(Deno.stat(path)) !== undefined) return;
  const answer = await fetch(url);
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new GenviewNotFound(
      `Cannot fetch the embedded image encoder from ${url}: the server answers ${answer.status}; check the address that ` +
        "the library is imported from",
    );
  }
  await writeNewFileInFolder(path, new Uint8Array(await answer.arrayBuffer()), { overwrite: true });
}

/**
 * The folder of the embedded image encoder. Where the library was imported by URL, its files are fetched from beside the
 * code into the user's cache, once for each address.
 *
 * @param generator address of the generator's folder, ending in a slash (default where the library's code lies)
 * @throws {GenviewNotFound} if it is not there
 */
export async function embeddedImageEncoder(generator: URL = GENERATOR): Promise<string> {
  if (generator.protocol === "file:") return fileURLToPath(new URL("image_encoder", generator));
  const folder = userCache("generator", encodeURIComponent(generator.href));
  for (const file of FILES) await keep(new URL(file, generator), join(folder, ...file.split("/")));
  return join(folder, dirname(FILES.at(-1)!));
}
