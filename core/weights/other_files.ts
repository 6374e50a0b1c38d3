/**
 * Files that people have in place of weights: what Git LFS or a server has left under their name.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import type { RandomAccess } from "../files/random_access.ts";

/** Bytes that tell what a file is. */
const START_BYTES = 64;

/** How texts that are no weights begin, what they are, and what to do. */
const OTHERS: readonly (readonly [begins: RegExp, message: string])[] = [
  [
    /^version https:\/\/git-lfs/,
    'it must hold weights, found a Git LFS pointer to them: run "git lfs pull" in its repository, or download the ' +
    "file itself",
  ],
  [
    /^\s*<(!doctype html|html|head|body|!--)/i,
    "it must hold weights, found an HTML page: download the file itself, on the Hugging Face hub by the address with " +
    "/resolve/ in place of /blob/",
  ],
  [
    /^\s*<(\?xml|error)/i,
    "it must hold weights, found XML, as a server answers when it refuses: download the file again",
  ],
  [
    /^\s*\{\s*"/,
    "it must hold weights, found JSON: name the file of weights that lies beside it, or download it again",
  ],
];

/**
 * Refuses texts that are saved under the names of weights.
 *
 * @throws {SyntaxError} if the file is a Git LFS pointer, or a page or message of a server
 */
export async function refuseOtherFiles(source: RandomAccess): Promise<void> {
  const bytes = await source.read(0, Math.min(source.size, START_BYTES));
  // The header of a safetensors file takes less than 2^32 bytes, so that its length ends in zeros, as no text does.
  if (bytes.subarray(0, 8).includes(0)) return;
  const start = new TextDecoder().decode(bytes);
  const found = OTHERS.find(([begins]) => begins.test(start));
  if (found !== undefined) throw new GenviewSyntaxError(found[1]);
}
