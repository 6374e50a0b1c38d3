/**
 * Paths as keys, by which samples of lists, folders, archives and manifests find each other.
 *
 * @module
 */

/**
 * A path as a key: the same for all ways to write it with `./` and doubled slashes. Nothing is looked up in the file
 * system, and `..` stays, since what lies above a link is not what stands before it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { normalizeKey } from "./relative_path.ts";
 *
 * assertEquals(normalizeKey("./cats//./x.jpg"), "cats/x.jpg");
 * assertEquals(normalizeKey("/data/./cats/x.jpg"), "/data/cats/x.jpg");
 * ```
 */
export function normalizeKey(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}

/** Whether a path begins at a root, on this system or on another. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}
