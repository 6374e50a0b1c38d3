/**
 * The C library's allocator, which ONNX Runtime takes host memory from.
 *
 * @module
 */
import { systemLibrary } from "./system_library.ts";

/** `M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` of glibc's malloc.h. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
const LARGE = 4 << 20;

/**
 * Makes glibc give blocks of 4 MiB and more back to the system when they are freed.
 *
 * By default it raises that limit to the size of the largest block freed so far, up to 32 MiB, and keeps what is
 * smaller, for each thread by itself. Runs and loads happen on changing threads: loading and disposing a model of
 * 320 MB three times left 1.2 GB resident, and 84 MB with the limit fixed. Fixing one limit fixes the other, too,
 * at a value that suits small heaps; it is set to glibc's own ratio of two.
 *
 * Other systems' allocators need no such help.
 */
export function returnLargeBlocks(): void {
  // With --allow-ffi for some libraries only, memory is used less well, but everything works.
  const name = Deno.build.os === "linux" ? systemLibrary() : undefined;
  if (name === undefined) return;
  let libc;
  try {
    libc = Deno.dlopen(name, { mallopt: { parameters: ["i32", "i32"], result: "i32" } });
  } catch {
    return; // Not glibc, hence another allocator.
  }
  libc.symbols.mallopt(M_MMAP_THRESHOLD, LARGE);
  libc.symbols.mallopt(M_TRIM_THRESHOLD, 2 * LARGE);
}
