import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { findTarParts } from "../../../../core/data/tar/parts.ts";
import { indexTar, openTarIndex, type TarIndex } from "../../../../core/data/tar/tar_index.ts";
import { datasetOf, fileSource } from "../../../../core/data/dataset_of.ts";
import { withVariations } from "../../../../core/data/pairing.ts";
import { withFolder } from "../../backbones/clip_golden.ts";
import { file, FILES, gzip, IMAGES, split, tarOf } from "./made_tar.ts";

async function read(index: TarIndex, path: string): Promise<Uint8Array> {
  const source = index.source(path);
  assert(source.kind === "encoded");
  return await source.read();
}

const PATHS = [...FILES.keys()].filter((path) => !path.endsWith(".txt"));

/** Writes the parts of a tar into `parts` and an index beside that folder. */
async function indexed(path: (name: string) => string, size: number): Promise<string[]> {
  await Deno.mkdir(path("parts"));
  const paths = await split(await tarOf(IMAGES), path("parts/train_variations.tar."), size);
  assertEquals(await indexTar(await findTarParts(paths), path("index.jsonl")), PATHS.length);
  return paths;
}

Deno.test("indexTar() says where the bytes of each image are, to GNU's and pax long names too", () =>
  withFolder(async (path) => {
    const long = `${"a".repeat(120)}/${"b".repeat(180)}.png`;
    const entries = [file("a.png", 513), file(long, 700), file("ж.png", 20), file("b.txt", 3)];
    const tar = await tarOf(entries);
    const parts = await findTarParts(await split(tar, path("x.tar."), 1111));
    assertEquals(await indexTar(parts, path("x.jsonl")), 3);
    const [head, ...lines] = (await Deno.readTextFile(path("x.jsonl"))).trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assertEquals(head.version, 1);
    assertEquals(
      head.parts,
      parts.map(({ size }, i) => ({ path: `x.tar.a${"abcdefgh"[i]}`, size })),
    );
    assertEquals(lines.map((line) => line.path), ["a.png", long, "ж.png"]);
    for (const [i, { offset, size }] of lines.entries()) {
      assertEquals(tar.slice(offset, offset + size), entries[i]!.bytes);
    }
  }));

Deno.test("openTarIndex() reads the images of the parts, also across them, wherever the folder is", () =>
  withFolder(async (path) => {
    for (const size of [100_000, 5000, 511]) {
      await Deno.mkdir(path(`${size}`));
      await indexed((name) => path(`${size}/${name}`), size);
      await Deno.rename(path(`${size}`), path(`moved${size}`));
      const index = await openTarIndex(path(`moved${size}/index.jsonl`));
      assertEquals(index.paths, PATHS);
      const all = await Promise.all(PATHS.map((each) => read(index, each)));
      assertEquals(all, PATHS.map((each) => FILES.get(each)!));
    }
  }));

Deno.test("an index of a tar gives a data set its variations", () =>
  withFolder(async (path) => {
    await indexed(path, 2000);
    const images = datasetOf("images", 2, (i) => {
      const key = ["n01440764/a.jpg", "n01440764/b.jpg"][i]!;
      return { key, source: fileSource(key) };
    });
    const paired = withVariations(images, await openTarIndex(path("index.jsonl")), {
      key: "class-name",
    });
    assertEquals(paired.coverage, { matched: 2, total: 2, samplesByCount: [0, 2] });
    const [source] = paired.sample(1).variations!;
    assert(source?.kind === "encoded");
    assertEquals(await source.read(), FILES.get("train/n01440764/b.JPEG"));
  }));

Deno.test("openTarIndex() names a part that has changed or gone, and refuses what is no index", () =>
  withFolder(async (path) => {
    const paths = await indexed(path, 4000);
    const index = await openTarIndex(path("index.jsonl"));
    assertThrows(() => index.source("none.png"), RangeError, "none.png");
    await Deno.truncate(paths[1]!, 3999);
    await assertRejects(() => openTarIndex(path("index.jsonl")), TypeError, paths[1]!);
    await Deno.remove(paths[1]!);
    await assertRejects(() => openTarIndex(path("index.jsonl")), Deno.errors.NotFound, paths[1]!);
    const last = paths.at(-1)!;
    await Deno.truncate(last, 1);
    await assertRejects(() => read(index, PATHS.at(-1)!), Error);
    const head = `{"version":1,"parts":[{"path":"x.tar","size":100}]}\n`;
    await Deno.writeFile(path("x.tar"), new Uint8Array(100));
    for (
      const [text, line] of [
        ["", 1],
        ["train/a.JPEG\n", 1],
        [`{"version":2,"parts":[]}\n`, 1],
        [`${head}null\n`, 2],
        [`${head}{"path":"a","offset":0,"size":100}\n{"path":"b","offset":1,"size":100}\n`, 3],
        [`${head}{"path":"a","offset":0,"size":1}\n{"path":"a","offset":0,"size":1}\n`, 3],
        [`${head}{"path":"a","offset":-1,"size":1}\n`, 2],
      ] as const
    ) {
      await Deno.writeTextFile(path("bad.jsonl"), text);
      await assertRejects(() => openTarIndex(path("bad.jsonl")), SyntaxError, `line ${line} `);
    }
  }));

Deno.test("indexTar() refuses gzip, a truncated tar, one without images, and an index that exists", () =>
  withFolder(async (path) => {
    const tar = await tarOf(IMAGES);
    const packed = await findTarParts(await split(await gzip(tar), path("x.tar.gz."), 200));
    await assertRejects(() => indexTar(packed, path("a.jsonl")), TypeError, "found gzip");
    const cut = await findTarParts(
      await split(tar.subarray(0, tar.length - 5000), path("cut.tar."), 2000),
    );
    await assertRejects(() => indexTar(cut, path("a.jsonl")), TypeError, "within");
    const texts = await findTarParts(
      await split(await tarOf([file("a.txt", 1)]), path("t.tar."), 900),
    );
    await assertRejects(() => indexTar(texts, path("a.jsonl")), TypeError, "none in 1 file");
    await assertRejects(() => Deno.lstat(path("a.jsonl")), Deno.errors.NotFound);
    await indexed(path, 900);
    const parts = await findTarParts([path("parts")]);
    await assertRejects(() => indexTar(parts, path("index.jsonl")), Deno.errors.AlreadyExists);
    assertEquals(await indexTar(parts, path("index.jsonl"), { overwrite: true }), PATHS.length);
  }));

Deno.test("indexTar() leaves nothing behind when it is stopped", () =>
  withFolder(async (path) => {
    const parts = await findTarParts(await split(await tarOf(IMAGES), path("x.tar."), 2000));
    const before = parts.length;
    const stop = new AbortController();
    await assertRejects(() =>
      indexTar(parts, path("x.jsonl"), {
        signal: stop.signal,
        onProgress: ({ files }) => files === 2 && stop.abort(),
      }), DOMException);
    assertEquals((await Array.fromAsync(Deno.readDir(path("")))).length, before);
  }));
