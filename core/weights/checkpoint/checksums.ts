/**
 * Checksums of a checkpoint's files, in a file that `sha256sum --check` reads too.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { GenviewSyntaxError } from "../../errors/mod.ts";
import { addFile } from "../../files/checksum.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFile } from "../../files/new_file.ts";

const FILE = "SHA256SUMS";

/**
 * Writes the checksums of a folder's files.
 *
 * @param digests SHA-256 of each file in hexadecimal digits, by its name
 */
export async function writeChecksums(
  folder: string,
  digests: Readonly<Record<string, string>>,
): Promise<void> {
  const lines = Object.entries(digests).map(([name, digest]) => `${digest}  ${name}\n`);
  await writeNewFile(join(folder, FILE), lines.join(""));
}

async function digestOf(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  await addFile(hash, file);
  return hash.digest("hex");
}

/**
 * Checks a folder's files against its checksums. A folder without any, from before they were kept, passes.
 *
 * @throws {SyntaxError} if a file has other bytes than were written, or the checksums cannot be read
 * @throws {Deno.errors.NotFound} if a file is missing
 */
export async function verifyChecksums(folder: string): Promise<void> {
  const text = await ifThere(Deno.readTextFile(join(folder, FILE)));
  if (text === undefined) return;
  for (const line of text.split("\n").slice(0, -1)) {
    const [, expected, name] = /^([0-9a-f]{64}) [ *]([\w.-]+)$/.exec(line) ?? [];
    if (expected === undefined || name === undefined) {
      throw new GenviewSyntaxError(
        `Cannot read ${join(folder, FILE)}: a line must be a SHA-256 and a name, found "${line}"`,
      );
    }
    const path = join(folder, name);
    const found = await explainingFileErrors(`read ${path}`, digestOf(path));
    if (found !== expected) {
      throw new GenviewSyntaxError(
        `Cannot load checkpoint ${folder}: ${name} must have the SHA-256 ${expected}, found ${found}; its bytes ` +
          "have changed since it was written",
      );
    }
  }
}
