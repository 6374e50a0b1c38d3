/**
 * CLIP's tokenizer without merges: every byte of a text is a token.
 *
 * @module
 */
import { type ClipVocabulary, WORD_END } from "../tokenizer_files.ts";

/** Bytes that stand for themselves: the printable ones of Latin-1 but the soft hyphen. */
const PRINTABLE: readonly (readonly [first: number, last: number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

/** Printable letters that stand for the 256 bytes, in CLIP's order: those that stand for themselves come first. */
function byteLetters(): string[] {
  const themselves = PRINTABLE.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i)
  );
  const others = Array.from({ length: 256 - themselves.length }, (_, i) => 256 + i);
  return [...themselves, ...others].map((code) => String.fromCodePoint(code));
}

const LETTERS = byteLetters();
const START = "<|startoftext|>";
const END = "<|endoftext|>";

/** The tokens: each byte, each byte at the end of a word, start and end of a text. */
const TOKENS: readonly string[] = [
  ...LETTERS,
  ...LETTERS.map((letter) => letter + WORD_END),
  START,
  END,
];

/**
 * The vocabulary of bytes, 514 tokens; texts are padded by their end.
 *
 * Source: Radford et al. 2021, "Learning transferable visual models from natural language supervision", section 2.4; CLIP's
 * `simple_tokenizer.py`, whose first 512 tokens these are.
 */
export const BYTE_VOCABULARY: ClipVocabulary = {
  vocab: Object.fromEntries(TOKENS.map((token, id) => [token, id])),
  merges: [],
  special: { start: START, end: END, pad: END },
};

/** A token of `special_tokens_map.json`. */
function specialToken(content: string) {
  return { content, lstrip: false, normalized: true, rstrip: false, single_word: false };
}

/**
 * The files in which transformers' `CLIPTokenizer` reads {@linkcode BYTE_VOCABULARY}, by name.
 *
 * @param tokens ids of a text with start, end and padding
 */
export function byteTokenizerFiles(tokens: number): Readonly<Record<string, string>> {
  const { vocab, special } = BYTE_VOCABULARY;
  const [start, end] = [special.start, special.end].map(specialToken);
  const names = { bos_token: start, eos_token: end, pad_token: special.pad, unk_token: end };
  const configuration = {
    add_prefix_space: false,
    ...names,
    do_lower_case: true,
    errors: "replace",
    model_max_length: tokens,
    tokenizer_class: "CLIPTokenizer",
  };
  return {
    "vocab.json": JSON.stringify(vocab),
    "merges.txt": "#version: 0.2\n",
    "special_tokens_map.json": `${JSON.stringify(names, undefined, 2)}\n`,
    "tokenizer_config.json": `${JSON.stringify(configuration, undefined, 2)}\n`,
  };
}
