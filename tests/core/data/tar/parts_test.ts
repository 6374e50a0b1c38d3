import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkPartNames } from "../../../../core/data/tar/part_names.ts";
import { tarEntries } from "../../../../core/data/tar/entries.ts";
import { findTarParts, readParts, readRange } from "../../../../core/data/tar/parts.ts";
import { withFolder } from "../../backbones/clip_golden.ts";
import { bytesOf, split } from "./made_tar.ts";

Deno.test("findTarParts() takes a folder, a pattern, or files in any order", () =>
  withFolder(async (path) => {
    const paths = await split(bytesOf(2500, 1), path("train_variations.tar."), 1000);
    await Deno.writeTextFile(path("train_variations.jsonl"), "");
    await Deno.writeTextFile(path("readme.txt"), "");
    const parts = paths.map((each, i) => ({ path: each, size: [1000, 1000, 500][i]! }));
    assertEquals(await findTarParts([path("")]), parts);
    assertEquals(await findTarParts([path("*.tar.*")]), parts);
    assertEquals(await findTarParts([path("train_variations.tar.a?")]), parts);
    assertEquals(await findTarParts([paths[2]!, paths[0]!, paths[1]!, paths[0]!]), parts);
    await assertRejects(() => findTarParts([path("b.tar.aa")]), Deno.errors.NotFound, "b.tar.aa");
    await assertRejects(() => findTarParts([path("*.zip")]), Deno.errors.NotFound, "found none");
  }));

Deno.test("findTarParts() names a part that is missing or cut off", () =>
  withFolder(async (path) => {
    const paths = await split(bytesOf(4500, 1), path("x.tar."), 1000);
    await Deno.truncate(paths[1]!, 999);
    const error = await assertRejects(() => findTarParts([path("")]), TypeError);
    assert(error.message.includes(`999 in ${paths[1]}`), error.message);
    await Deno.remove(paths[1]!);
    await assertRejects(() => findTarParts([path("")]), Deno.errors.NotFound, "but no x.tar.ab");
    await Deno.remove(paths[0]!);
    await assertRejects(() => findTarParts([path("")]), Deno.errors.NotFound, "but no x.tar.aa");
  }));

Deno.test("findTarParts() puts numbers in order, whatever they look like", () =>
  withFolder(async (path) => {
    for (
      const names of [
        Array.from({ length: 12 }, (_, i) => `x.tar.${i}`),
        Array.from({ length: 12 }, (_, i) => `x.tar.${i + 1}`),
        Array.from({ length: 12 }, (_, i) => `x.tar.gz.part${i + 1}`),
        Array.from({ length: 101 }, (_, i) => `x.tar-part-${String(i).padStart(2, "0")}`),
      ]
    ) {
      const folder = path(names[1]!);
      await Deno.mkdir(folder);
      for (const name of names.toReversed()) {
        await Deno.writeFile(`${folder}/${name}`, bytesOf(9, 1));
      }
      const found = await findTarParts([folder]);
      assertEquals(found.map((part) => part.path), names.map((name) => `${folder}/${name}`));
      await Deno.remove(`${folder}/${names[9]}`);
      await assertRejects(() => findTarParts([folder]), Deno.errors.NotFound, `no ${names[9]}`);
    }
  }));

Deno.test({
  name: "findTarParts() opens no pipe",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (path) => {
      await new Deno.Command("mkfifo", { args: [path("x.tar.aa")] }).output();
      await assertRejects(() => findTarParts([path("")]), TypeError, "must be a regular file");
    }),
});

/** Names of files, how they begin, and what they are compressed by. */
const COMPRESSED = [
  ["x.tar.bz2", "BZh91AY", "bzip2"],
  ["x.tar", "BZh91AY", "bzip2"],
  ["x.tbz2", "BZh91AY", "bzip2"],
  ["x.tar.bz2.aa", "BZh91AY", "bzip2"],
  ["x.tar.xz", "\u00fd7zXZ\0", "xz"],
  ["x.tar.zst", "(\u00b5/\u00fd", "zstd"],
  ["x.tar", "PK\u0003\u0004", "zip"],
  ["x.tar.lz4", '\u0004"M\u0018', "lz4"],
] as const;

for (const [name, bytes, found] of COMPRESSED) {
  Deno.test(`tarEntries() says of ${found} in ${name} what it is`, () =>
    withFolder(async (path) => {
      await Deno.writeFile(path(name), Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)));
      for (const place of [path(name), path("")]) {
        const parts = await findTarParts([place]);
        await assertRejects(() => Array.fromAsync(tarEntries(parts)), TypeError, `found ${found};`);
      }
    }));
}

Deno.test("checkPartNames() knows how split goes on", () => {
  const x = (...suffixes: string[]) => suffixes.map((suffix) => `x.tar.${suffix}`);
  checkPartNames(["x.tar"]);
  checkPartNames(["x.tar.gz"]);
  checkPartNames(["x.tgz"]);
  checkPartNames(x("000", "001", "002"));
  checkPartNames(x("01", "02"));
  checkPartNames(["x.tar.gz-part00", "x.tar.gz-part01"]);
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  const two = letters.flatMap((first) => letters.map((second) => first + second));
  checkPartNames(x(...two));
  checkPartNames(x(...two.slice(0, 650), "zaaa", "zaab"));
  const digits = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, "0"));
  checkPartNames(x(...digits.slice(0, 90), "9000", "9001"));
  const missing = (names: string[], part: string) =>
    assertThrows(() => checkPartNames(names), Deno.errors.NotFound, `but no ${part}`);
  missing(x("aa", "ab", "ad"), "x.tar.ac");
  missing(x("000", "001", "003"), "x.tar.002");
  missing(x("ab", "ac"), "x.tar.aa");
  missing(x("02"), "x.tar.00");
  missing(x(...two.slice(0, 649), "zaaa"), "x.tar.yz");
  missing(x("aa", "ba"), "x.tar.ab");
  assertThrows(() => checkPartNames(["x.tar.aa", "y.tar.ab"]), TypeError, "named alike");
  assertThrows(() => checkPartNames(["x.tar", "y.tar"]), TypeError, "named alike");
});

Deno.test("readRange() and readParts() give the bytes across parts", () =>
  withFolder(async (path) => {
    const bytes = bytesOf(100, 1);
    const parts = await findTarParts(await split(bytes, path("x.tar."), 7));
    for (const [offset, size] of [[0, 100], [0, 7], [6, 2], [7, 7], [13, 50], [99, 1], [40, 0]]) {
      const found = await readRange(parts, offset!, size!);
      assertEquals(found, bytes.slice(offset!, offset! + size!));
    }
    let read = 0;
    const found: number[] = [];
    for await (const chunk of readParts(parts, (all) => read = all)) found.push(...chunk);
    assertEquals([read, found], [100, [...bytes]]);
    await Deno.truncate(parts[3]!.path, 3);
    await assertRejects(() => readRange(parts, 20, 20), TypeError, parts[3]!.path);
    await assertRejects(() => Array.fromAsync(readParts(parts)), TypeError, parts[3]!.path);
  }));
