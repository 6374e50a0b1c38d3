/**
 * The decoder, loaded when it is first needed.
 *
 * @module
 */
import type { Sharp } from "../../deps/sharp.ts";

/** Opens an image file that is in memory. */
export type OpenSharp = (bytes: Uint8Array) => Sharp;

let opening: Promise<OpenSharp> | undefined;

/** Loads the native library on first use, since importing a module of this project must load none. */
export function loadSharp(): Promise<OpenSharp> {
  opening ??= import("../../deps/sharp.ts").then(({ sharp }) => {
    // No file is decoded twice in a row, so a cache only holds memory.
    sharp.cache(false);
    // Images are decoded in parallel, one thread each; splitting one image over threads costs more than it gains.
    sharp.concurrency(1);
    // Warnings are of the kind that Pillow decodes over; what is truncated or broken fails.
    return (bytes) => sharp(bytes, { autoOrient: true, failOn: "error", ignoreIcc: true });
  });
  return opening;
}
