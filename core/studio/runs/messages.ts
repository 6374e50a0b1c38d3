/**
 * What the program that trains a run has said: `messages.jsonl` in its folder.
 *
 * @module
 */
import { join } from "node:path";
import { isTooDeep } from "../../files/json.ts";
import { type MessageKind, MESSAGES_FILE } from "../../train/log/run_log.ts";
import { PlainFile } from "./plain_file.ts";

/** A message of a program. */
export interface RecordedMessage {
  readonly kind: MessageKind;
  readonly text: string;
}

/** Bytes of the file's end that are read, and characters of a message that are shown. */
const TAIL = 1 << 17;
const CHARACTERS = 2000;

const KINDS: readonly unknown[] = ["warning", "note", "error"];

function messageOf(line: string): RecordedMessage[] {
  let record: unknown;
  try {
    record = isTooDeep(line) ? undefined : JSON.parse(line);
  } catch {
    // The first line may be cut, the last may be torn off.
    return [];
  }
  const { kind, message } = (record ?? {}) as Record<string, unknown>;
  if (!KINDS.includes(kind) || typeof message !== "string") return [];
  return [{ kind: kind as MessageKind, text: message.slice(0, CHARACTERS) }];
}

/**
 * The last messages of a run, the newest last; none if it has no file of them.
 *
 * @throws {GenviewTypeError} if it is no plain file
 */
export function readMessages(folder: string): RecordedMessage[] {
  using file = PlainFile.open(join(folder, MESSAGES_FILE));
  if (file === undefined) return [];
  return new TextDecoder().decode(file.tail(TAIL)).split("\n").flatMap(messageOf);
}
