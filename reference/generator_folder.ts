/**
 * Writes the small generator that reference/generator_folder.py loads, in float32 and in float16:
 * `deno run --allow-read --allow-write --allow-env --allow-ffi --allow-sys reference/generator_folder.ts FOLDER`.
 *
 * @module
 */
import { join } from "node:path";
import { writeGeneratorFolder } from "../core/unclip/training/generator_folder.ts";
import { hashedParts } from "../tests/core/unclip/training/hashed_generator.ts";

const folder = Deno.args[0]!;
const parts = await hashedParts(join(folder, "parts"));
await writeGeneratorFolder(join(folder, "float32"), parts);
await writeGeneratorFolder(join(folder, "float16"), { ...parts, precision: "float16" });
