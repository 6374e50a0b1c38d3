import { assert, assertEquals, assertRejects } from "@std/assert";
import { tarEntries } from "../../../../core/data/tar/entries.ts";
import { extractTar } from "../../../../core/data/tar/extract.ts";
import { findTarParts, totalSize } from "../../../../core/data/tar/parts.ts";
import { withFolder } from "../../backbones/clip_golden.ts";
import {
  file,
  filesBelow,
  gnuLongName,
  gzip,
  IMAGES,
  type MadeEntry,
  sortedFiles,
  split,
  tarOf,
} from "./made_tar.ts";
import { FolderLock } from "../../../../core/files/folder_lock.ts";

/** Writes a tar in parts of `size` bytes and finds them. */
async function partsOf(bytes: Uint8Array, prefix: string, size: number) {
  return await findTarParts(await split(bytes, prefix, size));
}

const EMPTY = new Uint8Array(0);

Deno.test("extractTar() gives the files of the tar, wherever it is cut into parts", () =>
  withFolder(async (path) => {
    const tar = await tarOf(IMAGES);
    for (const size of [tar.length, 6000, 1024, 777, 511]) {
      await Deno.mkdir(path(`${size}`));
      const parts = await partsOf(tar, path(`${size}/train_variations.tar.`), size);
      assertEquals(parts.length, Math.ceil(tar.length / size));
      const outcome = await extractTar(parts, path(`out${size}`));
      assertEquals(outcome, { written: 6, kept: 0, skipped: 0, stopped: false });
      assertEquals(await filesBelow(path(`out${size}`)), sortedFiles());
    }
  }));

Deno.test("extractTar() decompresses gzip", () =>
  withFolder(async (path) => {
    const parts = await partsOf(await gzip(await tarOf(IMAGES)), path("x.tar.gz."), 301);
    assert(parts.length > 2);
    await extractTar(parts, path("out"));
    assertEquals(await filesBelow(path("out")), sortedFiles());
  }));

Deno.test("extractTar() takes files that are larger than a chunk, and that are not held in memory", () =>
  withFolder(async (path) => {
    const entries = [file("a.png", 300_000), file("b.png", (1 << 24) + 1), file("c.png", 5)];
    const parts = await partsOf(await tarOf(entries), path("x.tar."), 1 << 20);
    await extractTar(parts, path("out"));
    for (const { header, bytes } of entries) {
      const found = await Deno.readFile(path(`out/${header.name}`));
      assert(found.length === bytes.length && found.every((byte, i) => byte === bytes[i]));
    }
  }));

Deno.test("extractTar() reads long names of the pax format and of GNU's, and names beyond ASCII", () =>
  withFolder(async (path) => {
    const long = `${"a".repeat(120)}/${"b".repeat(180)}.png`;
    const entries = [file(long, 700), file("größe/ж.png", 20)];
    await extractTar(await partsOf(await tarOf(entries), path("pax.tar."), 999), path("pax"));
    assertEquals([...(await filesBelow(path("pax"))).keys()], [long, "größe/ж.png"]);
    const gnu = new Blob([await gnuLongName(long), await tarOf([file("cut-off", 700)])]);
    const bytes = new Uint8Array(await gnu.arrayBuffer());
    await extractTar(await partsOf(bytes, path("gnu.tar."), 999), path("gnu"));
    assertEquals([...(await filesBelow(path("gnu"))).keys()], [long]);
  }));

Deno.test("extractTar() refuses what leads out of the folder or is no file, and writes nothing of it", () =>
  withFolder(async (path) => {
    const cases: [MadeEntry["header"], string][] = [
      [{ name: "../evil.png" }, '".."'],
      [{ name: "train/../../evil.png" }, '".."'],
      [{ name: "/evil.png" }, "an absolute path"],
      [{ name: "C:/evil.png" }, "an absolute path"],
      [{ name: "..\\evil.png" }, "a backslash"],
      [{ name: "../", type: "directory" }, '".."'],
      [{ name: "a", type: "symlink", linkname: "/etc" }, "a symlink"],
      [{ name: "a", type: "link", linkname: "good.png" }, "a link"],
      [{ name: "a", type: "character-device" }, "a character-device"],
      [{ name: "a", type: "block-device" }, "a block-device"],
      [{ name: "a", type: "fifo" }, "a fifo"],
      [{ name: "good.png" }, "a second entry of it"],
      [{ name: "good.png/a.png" }, 'the file "good.png"'],
    ];
    for (const [i, [header, found]] of cases.entries()) {
      const tar = await tarOf([file("good.png", 10), { header, bytes: EMPTY }, file("z.png", 9)]);
      const parts = await partsOf(tar, path(`${i}.tar.`), 700);
      const error = await assertRejects(() => extractTar(parts, path(`out${i}`)), TypeError);
      assert(error.message.includes(JSON.stringify(header.name)), error.message);
      assert(error.message.includes(`found ${found}`), error.message);
      assertEquals([...(await filesBelow(path(`out${i}`))).keys()], ["good.png"]);
      await assertRejects(() => Deno.lstat(path("evil.png")), Deno.errors.NotFound);
    }
  }));

Deno.test("extractTar() names the last part and the entry where the tar ends too early", () =>
  withFolder(async (path) => {
    const tar = await tarOf([file("a.png", 600), file("b.png", 600)]);
    // A header and two blocks each, then two blocks of zeros.
    for (
      const [length, where] of [
        [100, "before the first"],
        [700, 'within "a.png"'],
        [
          1536,
          'behind "a.png"',
        ],
        [2000, 'behind "a.png"'],
        [2200, 'within "b.png"'],
        [3071, 'within "b.png"'],
        [
          3072,
          'behind "b.png"',
        ],
        [3500, 'behind "b.png"'],
      ] as const
    ) {
      const parts = await partsOf(tar.subarray(0, length), path(`${length}.tar.`), 1000);
      const error = await assertRejects(() => extractTar(parts, path(`out${length}`)), TypeError);
      assert(error.message.includes(`${parts.at(-1)!.path}:`), error.message);
      assert(error.message.includes(`its end ${where}`), error.message);
    }
    assertEquals([...(await filesBelow(path("out2200"))).keys()], ["a.png"]);
  }));

Deno.test("extractTar() says so of gzip that ends too early, and of damage", () =>
  withFolder(async (path) => {
    const tar = await tarOf([file("a.png", 600), file("b.png", 600)]);
    const packed = await gzip(tar);
    const cut = await partsOf(packed.subarray(0, packed.length - 40), path("cut.tar.gz."), 200);
    await assertRejects(() => extractTar(cut, path("cut")), TypeError, "truncated");
    await assertRejects(() => Array.fromAsync(tarEntries(cut)), TypeError, "truncated");
    tar[1536 + 3] = 1;
    const parts = await partsOf(tar, path("damaged.tar."), 1000);
    await assertRejects(() => extractTar(parts, path("out")), TypeError, 'damage behind "a.png"');
    const noTar = await partsOf(new Uint8Array(2000).fill(7), path("none.tar."), 1000);
    await assertRejects(() => extractTar(noTar, path("out")), TypeError, "at its beginning");
  }));

Deno.test("extractTar() goes on where it was stopped, and keeps what is there", () =>
  withFolder(async (path) => {
    const parts = await partsOf(await tarOf(IMAGES), path("x.tar."), 2000);
    const stop = new AbortController();
    const first = await extractTar(parts, path("out"), {
      signal: stop.signal,
      onProgress: ({ files }) => files === 2 && stop.abort(),
    });
    assertEquals(first, { written: 2, kept: 0, skipped: 0, stopped: true });
    assertEquals((await filesBelow(path("out"))).size, 2);
    const before = (await Deno.stat(path("out/train/n01440764/a.JPEG"))).ino;
    assertEquals(await extractTar(parts, path("out")), {
      written: 4,
      kept: 2,
      skipped: 0,
      stopped: false,
    });
    assertEquals((await Deno.stat(path("out/train/n01440764/a.JPEG"))).ino, before);
    assertEquals(await filesBelow(path("out")), sortedFiles());
  }));

Deno.test("extractTar() replaces a file of another size only when it is told to", () =>
  withFolder(async (path) => {
    const parts = await partsOf(await tarOf(IMAGES), path("x.tar."), 2000);
    await Deno.mkdir(path("out/train/n01443537"), { recursive: true });
    await Deno.writeTextFile(path("out/train/n01443537/c.JPEG"), "mine");
    const error = await assertRejects(
      () => extractTar(parts, path("out")),
      Deno.errors.AlreadyExists,
    );
    assert(error.message.includes("of 3001 bytes, found one of 4"), error.message);
    assertEquals(await Deno.readTextFile(path("out/train/n01443537/c.JPEG")), "mine");
    const outcome = await extractTar(parts, path("out"), { overwrite: true });
    assertEquals(outcome, { written: 4, kept: 2, skipped: 0, stopped: false });
    assertEquals(await filesBelow(path("out")), sortedFiles());
    await Deno.remove(path("out/train/n01443537/c.JPEG"));
    await Deno.mkdir(path("out/train/n01443537/c.JPEG"));
    await assertRejects(
      () => extractTar(parts, path("out"), { overwrite: true }),
      Deno.errors.AlreadyExists,
      "found no file",
    );
    await Deno.mkdir(path("other"));
    await Deno.writeTextFile(path("other/train"), "mine");
    await assertRejects(
      () => extractTar(parts, path("other"), { overwrite: true }),
      Deno.errors.AlreadyExists,
      "found a file",
    );
  }));

Deno.test("extractTar() replaces nothing outside of its folder, where a link leads to", () =>
  withFolder(async (path) => {
    const parts = await partsOf(await tarOf(IMAGES), path("x.tar."), 2000);
    await Deno.mkdir(path("mine"));
    await Deno.writeTextFile(path("mine/c.JPEG"), "mine");
    await Deno.mkdir(path("out/train"), { recursive: true });
    await Deno.symlink(path("mine"), path("out/train/n01443537"));
    await assertRejects(
      () => extractTar(parts, path("out"), { overwrite: true }),
      Error,
      `Cannot replace files in ${path("out/train/n01443537")}: a symbolic link leads out of`,
    );
    assertEquals(await Deno.readTextFile(path("mine/c.JPEG")), "mine");
  }));

Deno.test("extractTar() tells how many bytes it has read, up to all", () =>
  withFolder(async (path) => {
    const parts = await partsOf(await tarOf(IMAGES), path("x.tar."), 2000);
    const files: number[] = [];
    let last = 0;
    await extractTar(parts, path("out"), {
      onProgress: (progress) => {
        files.push(progress.files);
        assert(progress.bytes >= last);
        last = progress.bytes;
      },
    });
    assertEquals(files, [1, 2, 3, 4, 5, 6, 6]);
    assertEquals(last, totalSize(parts));
  }));

Deno.test("extractTar() removes what a killed process has left in every folder, and works alone", () =>
  withFolder(async (path) => {
    const parts = await partsOf(await tarOf(IMAGES), path("x.tar."), 2000);
    await Deno.mkdir(path("out/train/n01443537"), { recursive: true });
    for (const folder of ["out", "out/train", "out/train/n01443537"]) {
      await Deno.writeTextFile(path(`${folder}/.genview-0123abcd.tmp`), "half");
    }
    {
      using _other = await FolderLock.acquire(path("out"));
      const second = () => extractTar(parts, path("out"));
      await assertRejects(second, Deno.errors.AlreadyExists, "is at work there");
    }
    await extractTar(parts, path("out/"));
    assertEquals(await filesBelow(path("out")), sortedFiles());
  }));

Deno.test("extractTar() passes over names that do not fit, and reports each", () =>
  withFolder(async (path) => {
    const [name, folder] = [`${"n".repeat(252)}.png`, "f".repeat(300)];
    const tar = await tarOf([
      file("a.png", 10),
      { header: { name: "train/n.png", pax: { path: `train/${name}` } }, bytes: EMPTY },
      { header: { name: "b.png", pax: { path: `${folder}/b.png` } }, bytes: EMPTY },
      file("c.png", 9),
    ]);
    const skipped: string[] = [];
    const outcome = await extractTar(await partsOf(tar, path("x.tar."), 700), path("out"), {
      onSkipped: (message) => void skipped.push(message),
    });
    assertEquals(outcome, { written: 2, kept: 0, skipped: 2, stopped: false });
    assertEquals([...(await filesBelow(path("out"))).keys()].sort(), ["a.png", "c.png"]);
    assert(skipped[0]!.includes(name) && skipped[0]!.includes("name is longer"), skipped[0]);
    assert(skipped[1]!.includes(folder), skipped[1]);
  }));
