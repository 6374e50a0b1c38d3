/**
 * CLIP's tokenizer, as Stable Diffusion 2 configures it.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { Tokenizer } from "../deps/tokenizer.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { type ClipVocabulary, readClipVocabulary, WORD_END } from "./tokenizer_files.ts";

/** Pattern of a word, as of Radford et al. 2021; text that matches nothing is left out. */
const WORDS =
  "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

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
   * Makes a tokenizer of a vocabulary.
   *
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

  /**
   * Reads the vocabulary and the special tokens of a folder in transformers' layout: `vocab.json` and `merges.txt`, or
   * `tokenizer.json`, as it is saved since transformers 5.
   *
   * @throws {Deno.errors.NotFound} if the folder has neither
   * @throws {TypeError} if `tokenizer.json` is not CLIP's
   */
  static async read(folder: string, length = 77): Promise<ClipTokenizer> {
    return new ClipTokenizer(await readClipVocabulary(folder), length);
  }

  /** The ids of a text: start, words, end, padding. Longer texts are truncated before the end. */
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
