/**
 * CLIP's tokenizer, as Stable Diffusion 2 configures it.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { join } from "node:path";
import { Tokenizer } from "../deps/tokenizer.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";

/** Tokens that stand for no text, by what they are for. */
export interface SpecialTokens {
  /** Before every text. */
  readonly start: string;
  /** After every text. */
  readonly end: string;
  /** Fills what is left. Being special, it is never a part of a word: where a text has it, it stands for itself. */
  readonly pad: string;
}

/** What a tokenizer is made of. */
export interface ClipVocabulary {
  /** Ids by token. */
  readonly vocab: Readonly<Record<string, number>>;
  /** Pairs of tokens that become one, in the order in which they are tried. */
  readonly merges: readonly string[];
  readonly special: SpecialTokens;
}

/** What is a word: Radford et al. 2021 have it so, and text that matches nothing is left out. */
const WORDS =
  "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** What ends a word. */
const WORD_END = "</w>";

/** The tokenizer in the library's format. */
function describe({ vocab, merges, special }: ClipVocabulary): object {
  const contents = [...new Set([special.start, special.end, special.pad])];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: contents.map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: WORDS }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: special.end,
      continuing_subword_prefix: "",
      end_of_word_suffix: WORD_END,
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

function idOf(vocab: ClipVocabulary["vocab"], what: string, token: string): number {
  const id = vocab[token];
  if (id !== undefined) return id;
  throw new GenviewTypeError(
    `Cannot make a tokenizer: its vocabulary must have the ${what} "${token}"`,
  );
}

/**
 * Turns texts into ids: lower case, words by a pattern, and byte pairs within words (Sennrich et al. 2016).
 *
 * Source: transformers, `CLIPTokenizer`; Radford et al. 2021, "Learning transferable visual models from natural language
 * supervision", section 2.4.
 */
export class ClipTokenizer {
  /** Ids of a text, with start, end and padding. */
  readonly length: number;
  readonly #tokenizer: Tokenizer;
  readonly #start: number;
  readonly #end: number;
  readonly #pad: number;

  /**
   * @param length ids of a text, with start, end and padding
   * @throws {TypeError} if the vocabulary lacks a special token
   */
  constructor(vocabulary: ClipVocabulary, length = 77) {
    const { vocab, special } = vocabulary;
    this.length = length;
    this.#start = idOf(vocab, "start", special.start);
    this.#end = idOf(vocab, "end", special.end);
    this.#pad = idOf(vocab, "padding", special.pad);
    this.#tokenizer = new Tokenizer(describe(vocabulary), {});
  }

  /** Reads `vocab.json`, `merges.txt` and the special tokens of a folder in transformers' layout. */
  static async read(folder: string, length = 77): Promise<ClipTokenizer> {
    return new ClipTokenizer(await readVocabulary(folder), length);
  }

  /** The ids of a text: start, words, end, padding. What is too long is cut off before the end. */
  encode(text: string): number[] {
    // The publisher lowers letter by letter; JavaScript knows that a sigma looks otherwise at the end of a word.
    const letters = text.replaceAll("\u03a3", "\u03c3");
    const { ids } = this.#tokenizer.encode(letters, { add_special_tokens: false });
    const kept = [this.#start, ...ids.slice(0, this.length - 2), this.#end];
    return [...kept, ...new Array<number>(this.length - kept.length).fill(this.#pad)];
  }

  /** The ids of several texts, `[n, length]`. */
  encodeAll(texts: readonly string[]): Tensor<"int64"> {
    const ids = texts.flatMap((text) => this.encode(text));
    return tensor("int64", [texts.length, this.length], BigInt64Array.from(ids, BigInt));
  }
}

/** A token of a configuration: its text, or an object that has it. */
function contentOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const content = (value as { readonly content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new GenviewSyntaxError(`Cannot read ${path}: it must be JSON, ${cause.message}`, {
      cause,
    });
  }
}

/** What a file holds, or nothing if there is none. */
async function readOptionalJson(path: string): Promise<Record<string, unknown>> {
  try {
    return await readJson(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/**
 * Reads the vocabulary of a folder. Of the special tokens `special_tokens_map.json` has the last word: in Stable
 * Diffusion 2 it alone says that the padding is "!".
 */
async function readVocabulary(folder: string): Promise<ClipVocabulary> {
  const config = {
    ...await readOptionalJson(join(folder, "tokenizer_config.json")),
    ...await readOptionalJson(join(folder, "special_tokens_map.json")),
  };
  const end = contentOf(config.eos_token) ?? "<|endoftext|>";
  const lines = (await Deno.readTextFile(join(folder, "merges.txt"))).split(/\r?\n/);
  // The first line may be a comment that names the version.
  const merges = lines.slice(lines[0]!.startsWith("#version") ? 1 : 0).filter((line) =>
    line !== ""
  );
  return {
    vocab: await readJson(join(folder, "vocab.json")) as Record<string, number>,
    merges,
    special: {
      start: contentOf(config.bos_token) ?? "<|startoftext|>",
      end,
      pad: contentOf(config.pad_token) ?? end,
    },
  };
}
