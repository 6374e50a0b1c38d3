/**
 * Reading of image files: the one place where their bytes come from the disk.
 *
 * @module
 */
import { UnreadableImageError } from "./unreadable_image_error.ts";

/** What the system's codes say of a file; codes of a system that is short of something are not among them. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EIO: "the disk reports an error",
  EISDIR: "a folder",
  ELOOP: "its symbolic links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ENODEV: "a device that is not there",
  ENOENT: "no such file",
  ENOTDIR: "a path through a file",
  ENXIO: "a device or socket that is not there",
  EPERM: "permission denied",
  ESTALE: "its disk is gone",
};

/** Deno's classes of errors that carry no code where they were made by hand. */
const CLASSES = [
  ["ENOENT", Deno.errors.NotFound],
  ["EISDIR", Deno.errors.IsADirectory],
  ["ENOTDIR", Deno.errors.NotADirectory],
  ["EACCES", Deno.errors.PermissionDenied],
  ["ELOOP", Deno.errors.FilesystemLoop],
] as const;

/** The system's code of an error; empty if it is none of the system's. */
function codeOf(cause: unknown): string {
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return CLASSES.find(([, ErrorClass]) => cause instanceof ErrorClass)?.[0] ?? "";
}

/** What stands in a file's place. */
function kindOf(found: Deno.FileInfo): string {
  if (found.isDirectory) return "a folder";
  if (found.isFifo) return "a named pipe";
  if (found.isSocket) return "a socket";
  return "a device";
}

/**
 * What was thrown as a source was read, as an {@linkcode UnreadableImageError} where the file is at fault; anything
 * else, such as too many open files or a missing permission of Deno's, comes back as it is.
 *
 * @param name what the image is called
 */
export function unreadableImage(name: string, cause: unknown): unknown {
  // Deno lets only programs with all permissions open files below /proc, /sys and /dev.
  if (cause instanceof Deno.errors.NotCapable && cause.message.startsWith("Requires all access")) {
    return new UnreadableImageError(name, "a file of the system's own", { cause });
  }
  const code = codeOf(cause);
  return Object.hasOwn(REASONS, code)
    ? new UnreadableImageError(name, REASONS[code]!, { cause })
    : cause;
}

/** What a path leads to; undefined where it leads to nothing, in a circle, or to where permission is denied. */
export async function findFile(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (unreadableImage(path, cause) === cause) throw cause;
    return undefined;
  }
}

/**
 * Reads an image file, or another that links lead to. Nothing but regular files is opened: a pipe would wait for ever
 * for someone to write, and reading a device may do anything.
 *
 * @throws {UnreadableImageError} if there is no such file, or the system does not let it be read
 */
export async function readImageFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const found = await Deno.stat(path);
    if (!found.isFile) throw new UnreadableImageError(path, kindOf(found));
    return await Deno.readFile(path);
  } catch (cause) {
    throw unreadableImage(path, cause);
  }
}
