/**
 * The files of CLIP's tokenizer, as transformers has saved them over the years.
 *
 * @module
 */
import { GenviewNotFound, GenviewTypeError } from "../errors/mod.ts";
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { parsePythonJson } from "../files/python_json.ts";

/** Tokens that stand for no text, by what they are for. */
export interface SpecialTokens {
  /** Before every text. */
  readonly start: string;
  /** After every text. */
  readonly end: string;
  /** Padding. A special token is never a part of a word: where a text has it, it is a token of its own. */
  readonly pad: string;
}

/** Vocabulary and merges of a tokenizer. */
export interface ClipVocabulary {
  /** Ids by token. */
  readonly vocab: Readonly<Record<string, number>>;
  /** Pairs of tokens that become one, in the order in which they are tried. */
  readonly merges: readonly string[];
  /** Tokens that stand for no text. */
  readonly special: SpecialTokens;
}

/** Suffix of a word's last token. */
export const WORD_END = "</w>";

type Entries = Readonly<Record<string, unknown>>;

/** An object of a file, or nothing where it is none. */
function entriesOf(value: unknown): Entries {
  return typeof value === "object" && value !== null ? value as Entries : {};
}

/** The text of a file; undefined if there is none. */
async function readText(path: string): Promise<string | undefined> {
  return await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
}

/** The entries of a file; undefined if there is none. */
async function readEntries(path: string): Promise<Entries | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : entriesOf(parsePythonJson(text, `read ${path}`));
}

/** A token of a configuration: its text, or an object that has it. */
function contentOf(value: unknown): string | undefined {
  const content = typeof value === "string" ? value : entriesOf(value).content;
  return typeof content === "string" ? content : undefined;
}

/** `special_tokens_map.json` overrides `tokenizer_config.json`: in Stable Diffusion 2 it alone says that the padding is "!". */
async function readSpecial(folder: string): Promise<SpecialTokens> {
  const config = {
    ...await readEntries(join(folder, "tokenizer_config.json")),
    ...await readEntries(join(folder, "special_tokens_map.json")),
  };
  const end = contentOf(config.eos_token) ?? "<|endoftext|>";
  return {
    start: contentOf(config.bos_token) ?? "<|startoftext|>",
    end,
    pad: contentOf(config.pad_token) ?? end,
  };
}

function parseMerges(text: string): string[] {
  const lines = text.split(/\r?\n/);
  // The first line may be a comment that names the version.
  return lines.slice(lines[0]!.startsWith("#version") ? 1 : 0).filter((line) => line !== "");
}

type Words = Pick<ClipVocabulary, "vocab" | "merges">;

/** The vocabulary of `tokenizer.json`, in the format of the library tokenizers. */
function parseTokenizer(file: Entries, path: string): Words {
  const { type, end_of_word_suffix: end, vocab, merges } = entriesOf(file.model);
  if (type !== "BPE" || end !== WORD_END || !Array.isArray(merges)) {
    throw new GenviewTypeError(
      `Cannot use ${path}: it must be a tokenizer of CLIP, byte pairs whose words end in ` +
        `"${WORD_END}", found ${JSON.stringify(type)} and ${JSON.stringify(end)}`,
    );
  }
  const added = Array.isArray(file.added_tokens) ? file.added_tokens.map(entriesOf) : [];
  return {
    vocab: {
      ...entriesOf(vocab) as Record<string, number>,
      ...Object.fromEntries(added.map(({ content, id }) => [content, id])),
    },
    // A pair was a text with a space until 2024, and is a list since.
    merges: merges.map((pair) => Array.isArray(pair) ? pair.join(" ") : String(pair)),
  };
}

async function readWords(folder: string): Promise<Words> {
  const [vocab, merges] = await Promise.all([
    readEntries(join(folder, "vocab.json")),
    readText(join(folder, "merges.txt")),
  ]);
  if (vocab !== undefined && merges !== undefined) {
    return { vocab: vocab as Record<string, number>, merges: parseMerges(merges) };
  }
  const path = join(folder, "tokenizer.json");
  const file = await readEntries(path);
  if (file !== undefined) return parseTokenizer(file, path);
  throw new GenviewNotFound(
    `Cannot read the tokenizer of ${folder}: there must be vocab.json and merges.txt, or tokenizer.json`,
  );
}

/**
 * Reads the vocabulary of a folder in transformers' layout: `vocab.json` and `merges.txt`, or `tokenizer.json`.
 *
 * @throws {Deno.errors.NotFound} if the folder has neither
 * @throws {SyntaxError} if a file is not JSON
 * @throws {TypeError} if `tokenizer.json` is not CLIP's
 */
export async function readClipVocabulary(folder: string): Promise<ClipVocabulary> {
  return { ...await readWords(folder), special: await readSpecial(folder) };
}
