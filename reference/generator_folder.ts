/**
 * Writes the small generator that reference/generator_folder.py loads, in float32, in float16 and with an adaptive UNet:
 * `deno run --allow-read --allow-write --allow-env --allow-ffi --allow-sys reference/generator_folder.ts FOLDER`.
 *
 * @module
 */
import { join } from "node:path";
import { writeGeneratorFolder } from "../core/unclip/training/generator_folder.ts";
import { ADAPTIVE_UNET, hashedParts } from "../tests/core/unclip/training/hashed_generator.ts";

const folder = Deno.args[0]!;
const parts = await hashedParts(join(folder, "parts"));
await writeGeneratorFolder(join(folder, "float32"), parts);
await writeGeneratorFolder(join(folder, "float16"), { ...parts, precision: "float16" });
const adaptive = await hashedParts(join(folder, "adaptive-parts"), ADAPTIVE_UNET);
await writeGeneratorFolder(join(folder, "adaptive"), adaptive);
