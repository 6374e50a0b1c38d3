import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ClipTokenizer } from "../../../core/unclip/tokenizer.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/unclip_tokenizer", import.meta.url).pathname;
const { texts, files } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`)) as {
  readonly texts: readonly string[];
  readonly files: Readonly<Record<string, string>>;
};

/** The reference's tokenizer, from a folder with some of its files. */
async function readTokenizer(names = Object.keys(files)): Promise<ClipTokenizer> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of names) await Deno.writeTextFile(join(folder, name), files[name]!);
    return await ClipTokenizer.read(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ClipTokenizer gives transformers' ids", async () => {
  const tokenizer = await readTokenizer();
  const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
  const expected = [...tensors.get("ids")!.data].map(Number);
  for (const [i, text] of texts.entries()) {
    const row = expected.slice(77 * i, 77 * (i + 1));
    assertEquals(tokenizer.encode(text), row, JSON.stringify(text));
  }
  assertEquals([...tokenizer.encodeAll(texts).data].map(Number), expected);
});

Deno.test("ClipTokenizer cuts a long text before the end, which is padded by nothing", async () => {
  const tokenizer = await readTokenizer();
  const long = tokenizer.encode("the ".repeat(200));
  const [start, the, end] = tokenizer.encode("the");
  assertEquals(long, [start!, ...new Array<number>(75).fill(the!), end!]);
});

Deno.test("ClipTokenizer pads by the end where no padding is named", async () => {
  const tokenizer = await readTokenizer(["vocab.json", "merges.txt"]);
  const ids = tokenizer.encode("the");
  assertEquals(new Set(ids.slice(2)).size, 1);
  // Then an exclamation mark is a word as any other.
  assertEquals(tokenizer.encode("!")[1] === 0, false);
});

Deno.test("ClipTokenizer needs its special tokens", () => {
  const special = { start: "<s>", end: "</s>", pad: "!" };
  assertThrows(
    () => new ClipTokenizer({ vocab: { "<s>": 0, "!": 1 }, merges: [], special }),
    TypeError,
    'Cannot make a tokenizer: its vocabulary must have the end "</s>"',
  );
});
