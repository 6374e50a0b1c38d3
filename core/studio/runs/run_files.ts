/**
 * The checkpoints and pictures of a run's folder; links are passed over.
 *
 * @module
 */
import { join } from "node:path";
import { checkpointStep } from "../../weights/checkpoint/state.ts";
import type { CheckpointRow } from "../api/runs.ts";
import type { RunPart } from "./run_parts.ts";

/** Most checkpoints and pictures that are listed, entries that are looked at, and levels below the run's folder. */
const CHECKPOINTS = 1000;
const PICTURES = 500;
const ENTRIES = 20_000;
const DEPTH = 3;

/** Folders that hold no pictures. */
const PASSED_OVER: ReadonlySet<string> = new Set(["checkpoints", "tensorboard", "node_modules"]);

const PICTURE = /\.(?:png|jpe?g|svg)$/i;

/** What is in a folder that is no link; nothing if it is not there, or may not be read. */
function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    if (!Deno.lstatSync(folder).isDirectory) return [];
    const found: Deno.DirEntry[] = [];
    for (const entry of Deno.readDirSync(folder)) {
      if (found.push(entry) >= ENTRIES) break;
    }
    return found;
  } catch (error) {
    // A run under way removes folders, and what may not be read is not shown.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return [];
    }
    throw error;
  }
}

/** Bytes of a checkpoint's files, and when the last was written; undefined once it is removed. */
function sizeOf(folder: string): Pick<CheckpointRow, "bytes" | "written"> | undefined {
  let [bytes, written] = [0, 0];
  try {
    for (const { name, isFile } of entriesOf(folder)) {
      if (!isFile) continue;
      const { size, mtime } = Deno.lstatSync(join(folder, name));
      bytes += size;
      written = Math.max(written, mtime?.getTime() ?? 0);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return { bytes, written };
}

/**
 * The checkpoints of a run's parts, the oldest of each first.
 *
 * @param epochAt how many epochs of a part were finished before a step
 */
export function listRunCheckpoints(
  parts: readonly RunPart[],
  epochAt: (part: number, step: number) => number,
): CheckpointRow[] {
  return parts.flatMap(({ folder, prefix }, part) => {
    const checkpoints = join(folder, "checkpoints");
    return entriesOf(checkpoints).flatMap(({ name, isDirectory }) => {
      const step = isDirectory ? checkpointStep(name) : undefined;
      return step === undefined ? [] : [{ name, step }];
    }).sort((a, b) => a.step - b.step).slice(-CHECKPOINTS).flatMap(({ name, step }) => {
      const size = sizeOf(join(checkpoints, name));
      return size === undefined
        ? []
        : [{ name: `${prefix}${name}`, step, epoch: epochAt(part, step), ...size }];
    });
  });
}

/** Pictures in a run's folder, as paths below it. */
export function listPictures(folder: string): string[] {
  const found: string[] = [];
  const pending = [{ path: "", depth: 0 }];
  for (const { path, depth } of pending) {
    for (const { name, isFile, isDirectory } of entriesOf(join(folder, path))) {
      const whole = path === "" ? name : `${path}/${name}`;
      if (isFile && PICTURE.test(name)) found.push(whole);
      const isEntered = isDirectory && depth < DEPTH && !PASSED_OVER.has(name) &&
        !name.startsWith(".");
      if (isEntered && pending.length < PICTURES) pending.push({ path: whole, depth: depth + 1 });
    }
    if (found.length >= PICTURES) break;
  }
  return found.slice(0, PICTURES).sort();
}
