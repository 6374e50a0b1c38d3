/**
 * Paths that cannot lead out of the studio's root.
 *
 * @module
 */
import { dirname, join, relative, resolve } from "node:path";
import { GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { isWithin } from "../../files/within_folder.ts";
import { leadsNowhere, realPathOf } from "../confined_files.ts";

/** Most characters of a path that is taken. */
const CHARACTERS = 4096;

/** A path as errors show it, cut and without line breaks. */
function shown(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path);
}

/** The names along a path below the root. */
function namesOf(path: string): string[] {
  const names = path === "." ? [] : path.split("/");
  const isWindows = Deno.build.os === "windows";
  const isRefused = (name: string) =>
    ["", ".", ".."].includes(name) || (isWindows && /[\\:]/.test(name));
  if (path.length > CHARACTERS || path.includes("\0") || names.some(isRefused)) {
    throw new GenviewTypeError(
      `Cannot use the path ${
        shown(path)
      }: it must lie below the studio's root, with names parted by /`,
    );
  }
  return names;
}

/** Whether something is there, be it a link to nowhere. */
async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (cause) {
    if (leadsNowhere(cause)) return false;
    throw cause;
  }
}

/** Paths below a folder, by names that come from outside. */
export class ConfinedPaths {
  /** The folder, absolute and without symbolic links. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /**
   * Opens a folder.
   *
   * @throws {GenviewNotFound} if there is no such folder
   * @throws {GenviewTypeError} if it is no folder
   */
  static async open(root: string): Promise<ConfinedPaths> {
    const action = `open the studio in ${root}`;
    const real = await explainingFileErrors(action, Deno.realPath(resolve(root)));
    if (!(await Deno.stat(real)).isDirectory) {
      throw new GenviewTypeError(`Cannot ${action}: it must be a folder, found a file`);
    }
    return new ConfinedPaths(real);
  }

  #refuse(path: string): never {
    throw new GenviewTypeError(
      `Cannot use the path ${shown(path)}: a symbolic link leads out of the studio's root`,
    );
  }

  /**
   * The real path of what is named by a path below the root; `.` is the root itself.
   *
   * @throws {GenviewTypeError} if it is no path below the root, or a symbolic link leads out of it
   * @throws {GenviewNotFound} if it is not there
   */
  async resolve(path: string): Promise<string> {
    const real = await realPathOf(join(this.root, ...namesOf(path)));
    if (real === undefined) {
      throw new GenviewNotFound(`Cannot find ${shown(path)} below the studio's root`);
    }
    return isWithin(this.root, real) ? real : this.#refuse(path);
  }

  /**
   * The path at which something may be made below the root, whose folder need not be there.
   *
   * @throws {GenviewTypeError} if it is no path below the root, or a symbolic link leads out of it or to nowhere
   */
  async resolveNew(path: string): Promise<string> {
    const whole = join(this.root, ...namesOf(path));
    let there = whole;
    while (true) {
      const real = await realPathOf(there);
      if (real !== undefined) {
        if (!isWithin(this.root, real)) this.#refuse(path);
        return join(real, relative(there, whole));
      }
      if (!await isThere(there)) {
        there = dirname(there);
        continue;
      }
      // A link to nowhere, or something that was made between the two looks.
      if (await realPathOf(there) === undefined) this.#refuse(path);
    }
  }
}
