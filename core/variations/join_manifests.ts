/**
 * Manifests of processes that shared the work, put together as one process writes them.
 *
 * @module
 */
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { writeAll, writeNewFile } from "../files/new_file.ts";
import { formatLine, manifestPaths, readManifestLines } from "./manifest.ts";
import { type PlannedVariation, variationsOf } from "./output_names.ts";
import type { VariationJob } from "./run_share.ts";

/** Lines that are written at a time. */
const LINES = 4096;

/**
 * Puts the manifests of a folder into `manifest.jsonl`: variations that are wanted in the order in which one process makes
 * them, behind any others. Each stands in it once, whoever was killed before. The folder must be locked, and nobody be at
 * work there. Nothing happens where there are no manifests of shares.
 *
 * @throws {SyntaxError} if a line is none of a manifest
 * @throws {GenviewError} if the system refuses
 */
export async function joinManifests(
  { folder, images, names, settings }: Pick<
    VariationJob,
    "folder" | "images" | "names" | "settings"
  >,
): Promise<void> {
  const whole = join(folder, "manifest.jsonl");
  const found = await manifestPaths(folder);
  const parts = found.filter((path) => path !== whole);
  if (parts.length === 0) return;
  const wanted = new Map<string, PlannedVariation>();
  for (const image of images) {
    for (const variation of variationsOf(image, names)) wanted.set(variation.path, variation);
  }
  const listed = new Set<string>();
  // What stands in a line is kept, but not held twice where it is what we write.
  const others: string[] = [];
  const own = new Map<string, string>();
  for (const path of [...found.filter((each) => each === whole), ...parts]) {
    for await (const { line, text } of readManifestLines(path)) {
      if (listed.has(line.path)) continue;
      listed.add(line.path);
      const variation = wanted.get(line.path);
      if (variation === undefined) others.push(text);
      else if (text !== `${formatLine(variation, settings)}\n`) own.set(line.path, text);
    }
  }
  function* lines(): Generator<string> {
    yield* others;
    for (const [path, variation] of wanted) {
      if (listed.has(path)) yield own.get(path) ?? `${formatLine(variation, settings)}\n`;
    }
  }
  await writeNewFile(whole, async (file) => {
    let some: string[] = [];
    const flush = async () => {
      await writeAll(file, new TextEncoder().encode(some.join("")));
      some = [];
    };
    for (const line of lines()) {
      some.push(line);
      if (some.length === LINES) await flush();
    }
    await flush();
  }, { overwrite: true });
  for (const path of parts) await explainingFileErrors(`remove ${path}`, Deno.remove(path));
}
