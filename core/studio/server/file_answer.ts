/**
 * Files of runs as answers. They may be anybody's: pages run in a sandbox without scripts, and only known kinds are given
 * out.
 *
 * @module
 */
import { extname } from "node:path";
import { GenviewTypeError } from "../../errors/mod.ts";
import { PlainFile } from "../runs/plain_file.ts";
import { FILE_POLICY } from "./security_headers.ts";
import { GenviewNotFound } from "../../errors/mod.ts";

/** Media types by the endings of names. */
const TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".html": "text/html; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/jsonl; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".log": "text/plain; charset=utf-8",
};

/** Bytes that are read at once. */
const CHUNK = 1 << 18;

/**
 * A file as an answer.
 *
 * @param path absolute, without symbolic links
 * @throws {GenviewTypeError} if it is of a kind that is not given out, or no plain file
 * @throws {GenviewNotFound} if it is not there
 */
export function answerFile(path: string): Response {
  const type = TYPES[extname(path).toLowerCase()];
  if (type === undefined) {
    throw new GenviewTypeError(
      `Cannot give out a file of this kind: its name must end with ${
        Object.keys(TYPES).join(", ")
      }`,
    );
  }
  const file = PlainFile.open(path);
  if (file === undefined) throw new GenviewNotFound("Cannot find the file: it was removed");
  let position = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const part = new Uint8Array(Math.min(CHUNK, file.size - position));
      const read = part.length === 0 ? 0 : file.read(part, position);
      position += read;
      if (read > 0) controller.enqueue(part.subarray(0, read));
      if (position < file.size && read > 0) return;
      file[Symbol.dispose]();
      controller.close();
    },
    cancel() {
      file[Symbol.dispose]();
    },
  });
  return new Response(body, {
    headers: { "Content-Type": type, "Content-Security-Policy": FILE_POLICY },
  });
}
