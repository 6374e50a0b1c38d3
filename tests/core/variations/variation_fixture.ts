/**
 * A small Stable unCLIP, pictures and lists of them, for tests of what is generated.
 *
 * @module
 */
import { join } from "node:path";
import { sharp } from "../../../core/deps/sharp.ts";
import type { RgbImage, VariationFiles } from "../../../core/data/mod.ts";
import { type ManifestLine, readManifests } from "../../../core/variations/manifest.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { readPipelineGolden, writePipeline } from "../unclip/pipeline_golden.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";

/** Joins a name to the folder of a test. */
export type Path = (name: string) => string;

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Runs with a folder that has `model`, `images` and an empty `list.txt`'s place. */
export async function withModel(test: (path: Path) => Promise<void>): Promise<void> {
  await withFolder(async (path) => {
    await writePipeline(path("model"), await readPipelineGolden());
    await drawPictures(path("images"));
    await test(path);
  });
}

/** Options that all runs share: five steps on one thread. */
export function smallOptions(path: Path): string[] {
  return [
    ...["--input-prefix", path("images"), "--model", path("model"), "--device", "cpu"],
    ...["--threads", "1", "--num-inference-steps", "5", "--size", "0"],
  ];
}

/** Gives the pictures further names, and lists them at level 100. */
export async function writeCopies(path: Path, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `cats/copy ${i}.png`);
  for (const name of names) {
    await Deno.copyFile(path("images/cats/0.png"), path(`images/${name}`));
  }
  await Deno.writeTextFile(path("list.txt"), names.map((name) => `${name} 100\n`).join(""));
  return names;
}

/** All lines of a folder's manifests, by path. */
export async function linesOf(folder: string): Promise<ManifestLine[]> {
  const lines: ManifestLine[] = [];
  for await (const line of readManifests(folder)) lines.push(line);
  return lines.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** The pixels of an image file. */
export async function pixelsOf(path: string): Promise<RgbImage> {
  const { data, info } = await sharp(await Deno.readFile(path)).raw().toBuffer({
    resolveWithObject: true,
  });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** Bytes of files below a folder. */
export async function bytesOf(folder: string, names: readonly string[]): Promise<Uint8Array[]> {
  return await Promise.all(names.map((name) => Deno.readFile(join(folder, name))));
}

/** The bytes of variations, wherever they lie. */
export async function imagesOf(
  files: VariationFiles,
  names: readonly string[],
): Promise<Uint8Array[]> {
  return await Promise.all(names.map((name) => {
    const source = files.source(name);
    if (source.kind !== "encoded") throw new Error("variations are encoded");
    return source.read();
  }));
}

/** Arguments that run the task as a process of its own, with the permissions of deno.json. */
export async function taskArguments(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const [, ...args] = tasks.variations.command.split(" ");
  return args.map((arg: string) => arg.endsWith(".ts") ? join(ROOT, arg) : arg);
}

/** Runs the task as a process of its own, to its end; both of its outputs are joined. */
export async function runTaskProcess(
  args: readonly string[],
): Promise<{ readonly code: number; readonly text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...await taskArguments(), ...args],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Waits until a condition holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
