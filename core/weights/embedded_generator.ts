/**
 * The project's own generator, which lies with the library's code.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GenviewNotFound } from "../errors/mod.ts";
import { ifThere } from "../files/if_there.ts";
import { writeNewFileInFolder } from "../files/new_file.ts";
import { userCache } from "../files/user_cache.ts";

/** The name that the generator and its image encoder have wherever a model is named. */
export const EMBEDDED = "embedded";

/** Where the generator lies, beside the library's code. */
const GENERATOR = new URL("../../fixtures/generator/", import.meta.url);

/** Its image encoder; the weights last, as nothing of the encoder is there without them. */
const IMAGE_ENCODER = [
  "feature_extractor/preprocessor_config.json",
  "image_encoder/config.json",
  "image_encoder/model.safetensors",
];

/** What else a generator has; the index last, as nothing of the generator is there without it. */
const OTHERS = [
  "image_normalizer/config.json",
  "image_normalizer/diffusion_pytorch_model.safetensors",
  "image_noising_scheduler/scheduler_config.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "text_encoder/model.safetensors",
  "tokenizer/merges.txt",
  "tokenizer/special_tokens_map.json",
  "tokenizer/tokenizer_config.json",
  "tokenizer/vocab.json",
  "unet/config.json",
  "unet/diffusion_pytorch_model.safetensors",
  "vae/config.json",
  "vae/diffusion_pytorch_model.safetensors",
  "model_index.json",
];

/** Fetches a file to its place in the cache, unless it is there. */
async function keep(url: URL, path: string): Promise<void> {
  if (await ifThere(Deno.stat(path)) !== undefined) return;
  const answer = await fetch(url);
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new GenviewNotFound(
      `Cannot fetch the embedded generator from ${url}: the server answers ${answer.status}; check the address that the ` +
        "library is imported from",
    );
  }
  await writeNewFileInFolder(path, new Uint8Array(await answer.arrayBuffer()), { overwrite: true });
}

async function folderOf(files: readonly string[], generator: URL): Promise<string> {
  if (generator.protocol === "file:") {
    const folder = fileURLToPath(generator).replace(/[\\/]$/, "");
    if (await ifThere(Deno.stat(join(folder, files.at(-1)!))) !== undefined) return folder;
    throw new GenviewNotFound(
      `Cannot use the embedded generator: it must lie in ${folder}, found none; name a network by its folder or file, or ` +
        "published ones",
    );
  }
  const folder = userCache("generator", encodeURIComponent(generator.href));
  for (const file of files) await keep(new URL(file, generator), join(folder, ...file.split("/")));
  return folder;
}

/**
 * The folder of the embedded generator. Where the library was imported by URL, its files are fetched from beside the code
 * into the user's cache, once for each address.
 *
 * @param generator address of the generator's folder, ending in a slash (default where the library's code lies)
 * @throws {GenviewNotFound} if it is not there
 */
export async function embeddedGenerator(generator: URL = GENERATOR): Promise<string> {
  return await folderOf([...IMAGE_ENCODER, ...OTHERS], generator);
}

/**
 * The folder of the embedded generator's image encoder, for which the rest of the generator is not fetched.
 *
 * @param generator address of the generator's folder, ending in a slash (default where the library's code lies)
 * @throws {GenviewNotFound} if it is not there
 */
export async function embeddedImageEncoder(generator: URL = GENERATOR): Promise<string> {
  return join(await folderOf(IMAGE_ENCODER, generator), "image_encoder");
}
