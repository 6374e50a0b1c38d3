import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ClipTokenizer } from "../../../core/unclip/tokenizer.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

interface Golden {
  readonly texts: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly ids: readonly number[];
}

async function readGolden(name: string): Promise<Golden> {
  const path = new URL(`../../../fixtures/golden/${name}`, import.meta.url).pathname;
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  const ids = [...tensors.get("ids")!.data].map(Number);
  return { ...JSON.parse(await Deno.readTextFile(`${path}.json`)), ids };
}

const golden = await readGolden("unclip_tokenizer");
const saved = await readGolden("unclip_tokenizer_saved");

/** The reference's tokenizer, from a folder with some of its files. */
async function readTokenizer(
  files: Golden["files"] = golden.files,
  names: readonly string[] = Object.keys(files),
): Promise<ClipTokenizer> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of names) await Deno.writeTextFile(join(folder, name), files[name]!);
    return await ClipTokenizer.read(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function checkIds(tokenizer: ClipTokenizer, { texts, ids }: Golden): void {
  for (const [i, text] of texts.entries()) {
    assertEquals(tokenizer.encode(text), ids.slice(77 * i, 77 * (i + 1)), JSON.stringify(text));
  }
  assertEquals([...tokenizer.encodeAll(texts).data].map(Number), ids);
}

Deno.test("ClipTokenizer gives transformers' ids", async () => {
  checkIds(await readTokenizer(), golden);
});

Deno.test("ClipTokenizer gives transformers' ids from the folder that it is saved to today", async () => {
  assertEquals(Object.keys(saved.files), ["tokenizer.json", "tokenizer_config.json"]);
  checkIds(await readTokenizer(saved.files), saved);
  // Pairs were texts until 2024.
  const file = JSON.parse(saved.files["tokenizer.json"]!);
  file.model.merges = file.model.merges.map((pair: string[]) => pair.join(" "));
  const older = { ...saved.files, "tokenizer.json": JSON.stringify(file) };
  checkIds(await readTokenizer(older), saved);
});

Deno.test("ClipTokenizer refuses folders without a tokenizer, and tokenizers of other kinds", async () => {
  await assertRejects(
    () => readTokenizer(saved.files, ["tokenizer_config.json"]),
    Deno.errors.NotFound,
    "there must be vocab.json and merges.txt, or tokenizer.json",
  );
  const other = JSON.stringify({ model: { type: "Unigram", vocab: [] } });
  await assertRejects(
    () => readTokenizer({ "tokenizer.json": other }),
    TypeError,
    'it must be a tokenizer of CLIP, byte pairs whose words end in "</w>", found "Unigram"',
  );
});

Deno.test("ClipTokenizer cuts a long text before the end, which is padded by nothing", async () => {
  const tokenizer = await readTokenizer();
  const long = tokenizer.encode("the ".repeat(200));
  const [start, the, end] = tokenizer.encode("the");
  assertEquals(long, [start!, ...new Array<number>(75).fill(the!), end!]);
});

Deno.test("ClipTokenizer pads by the end where no padding is named", async () => {
  const tokenizer = await readTokenizer(golden.files, ["vocab.json", "merges.txt"]);
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
