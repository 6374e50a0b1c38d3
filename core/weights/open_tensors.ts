/**
 * Opening of files of tensors, whichever their format.
 *
 * @module
 */
import { openPth, type OpenPthOptions } from "./pth.ts";
import { isLegacyPth } from "./pth_layout.ts";
import { openRandomAccess, type RandomAccess } from "../files/random_access.ts";
import { openSafetensors } from "./safetensors.ts";
import type { TensorFile } from "./tensor_file.ts";

/** A zip archive begins with the header of its first entry. */
function isArchive(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/**
 * Opens a file of tensors: safetensors, or PyTorch's in either of its formats. Its first bytes tell which, not its
 * name.
 *
 * @param file its path, or its bytes by position, which the result closes
 * @throws {SyntaxError} if the file breaks a rule of its format, or is a Git LFS pointer or a page in place of weights
 */
export async function openTensors(
  file: string | RandomAccess,
  options: OpenPthOptions = {},
): Promise<TensorFile> {
  using owned = new DisposableStack();
  const source = owned.use(typeof file === "string" ? await openRandomAccess(file) : file);
  const start = await source.read(0, Math.min(source.size, 14));
  owned.move();
  if (isArchive(start) || isLegacyPth(start)) return await openPth(source, options);
  return await openSafetensors(source);
}
