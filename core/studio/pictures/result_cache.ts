/**
 * Results that were computed before, in files below the studio's root.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFileInFolder } from "../../files/new_file.ts";
import type { StudioContext } from "../studio_context.ts";

/** A result in a form that files hold. */
export interface CachedResult {
  /** Plain data. */
  readonly facts: unknown;
  /** Numbers or a picture. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where results lie, below the root. */
const FOLDER = ".genview-studio/cache";

/** Bytes of all results together. */
const MOST_BYTES = 512 << 20;

/** Bytes of a SHA-256, and of the length of the facts behind it. */
const DIGEST_BYTES = 32;
const HEADER_BYTES = DIGEST_BYTES + 4;

function sha256(bytes: Uint8Array | string): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** A file: the digest of what follows, the length of the facts, the facts as JSON, the bytes. */
function encode({ facts, bytes }: CachedResult): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(facts));
  const file = new Uint8Array(HEADER_BYTES + text.length + bytes.length);
  new DataView(file.buffer).setUint32(DIGEST_BYTES, text.length, true);
  file.set(text, HEADER_BYTES);
  file.set(bytes, HEADER_BYTES + text.length);
  file.set(sha256(file.subarray(DIGEST_BYTES)));
  return file;
}

/** What a file holds; undefined if it is not as it was written. */
function decode(file: Uint8Array<ArrayBuffer>): CachedResult | undefined {
  if (file.length < HEADER_BYTES) return undefined;
  if (!isSame(file.subarray(0, DIGEST_BYTES), sha256(file.subarray(DIGEST_BYTES)))) {
    return undefined;
  }
  const end = HEADER_BYTES + new DataView(file.buffer).getUint32(DIGEST_BYTES, true);
  const facts: unknown = JSON.parse(new TextDecoder().decode(file.subarray(HEADER_BYTES, end)));
  // In memory of its own, where numbers of four bytes may begin.
  return { facts, bytes: file.slice(end) };
}

/**
 * A cache of results by name, in `.genview-studio/cache/` below the root. Its files appear whole; one that is damaged counts
 * as none; those that were not used for the longest time make room.
 */
export class ResultCache {
  readonly #context: Pick<StudioContext, "resolveNew">;
  readonly #mostBytes: number;

  /** @param options.mostBytes of all files together (default 512 MiB) */
  constructor(
    context: Pick<StudioContext, "resolveNew">,
    { mostBytes = MOST_BYTES }: { readonly mostBytes?: number } = {},
  ) {
    this.#context = context;
    this.#mostBytes = mostBytes;
  }

  /** Where a result lies. */
  async #pathOf(key: string): Promise<string> {
    const name = createHash("sha256").update(key).digest("hex").slice(0, 40);
    return await this.#context.resolveNew(`${FOLDER}/${name}.bin`);
  }

  /**
   * The result of a name; undefined if there is none that is whole.
   *
   * @throws {TypeError} if a link leads the cache out of the root
   * @throws {GenviewError} if the system refuses
   */
  async get(key: string): Promise<CachedResult | undefined> {
    const path = await this.#pathOf(key);
    const action = `read ${path}`;
    const found = await explainingFileErrors(action, ifThere(Deno.lstat(path)));
    if (!found?.isFile || found.size > this.#mostBytes) return undefined;
    const result = decode(await explainingFileErrors(action, Deno.readFile(path)));
    const now = new Date();
    if (result !== undefined) await explainingFileErrors(action, Deno.utime(path, now, now));
    return result;
  }

  /**
   * Keeps a result under a name.
   *
   * @throws {TypeError} if a link leads the cache out of the root
   * @throws {GenviewError} if the system refuses, such as on a full disk
   */
  async put(key: string, result: CachedResult): Promise<void> {
    const path = await this.#pathOf(key);
    await writeNewFileInFolder(path, encode(result), { overwrite: true });
    await this.#makeRoom(path);
  }

  /** Removes files until the others fit, the one just written kept. */
  async #makeRoom(kept: string): Promise<void> {
    const folder = await this.#context.resolveNew(FOLDER);
    const files: { path: string; size: number; used: number }[] = [];
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const path = join(folder, name);
      const found = isFile && path !== kept ? await ifThere(Deno.stat(path)) : undefined;
      if (found !== undefined) {
        files.push({ path, size: found.size, used: found.mtime?.getTime() ?? 0 });
      }
    }
    let total = files.reduce((sum, { size }) => sum + size, (await Deno.stat(kept)).size);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.#mostBytes) return;
      await explainingFileErrors(`remove ${path}`, ifThere(Deno.remove(path)));
      total -= size;
    }
  }
}
