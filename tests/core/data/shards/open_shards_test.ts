import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openData } from "../../../../core/data/mod.ts";
import { openEvaluationData, openTrainingData } from "../../../../core/data/open_data.ts";
import { tarOf } from "../tar/made_tar.ts";
import {
  CLASSES,
  imageOf,
  NAMES,
  openFixture,
  SAMPLES,
  samplesOf,
  SHARDS,
  withCache,
} from "./shard_fixtures.ts";

const text = (content: string) => new TextEncoder().encode(content) as Uint8Array<ArrayBuffer>;

/** Writes a tar of small files. */
async function writeTar(path: string, files: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(files).map(([name, content]) => ({
    header: { name },
    bytes: text(content),
  }));
  await Deno.writeFile(path, await tarOf(entries));
}

Deno.test("openData() reads from shards what webdataset reads, by braces, patterns and folders", () =>
  withCache(async (path) => {
    const numbered = await openFixture("numbered-{000000..000001}.tar");
    assertEquals(await samplesOf(numbered), [...SAMPLES.numbered!]);
    assertEquals(numbered.runs, [3, 2]);
    const first = await openFixture("numbered-000000.tar");
    assertEquals(await samplesOf(first), SAMPLES.numbered!.slice(0, 3));
    await Deno.mkdir(path("shards"));
    for (const name of ["numbered-000000.tar", "numbered-000001.tar"]) {
      await Deno.copyFile(`${SHARDS}/${name}`, path(`shards/${name}`));
    }
    for (
      const name of [path("shards"), path("shards/numbered-*.tar"), path("shards/*-00000?.tar")]
    ) {
      assertEquals(await samplesOf(await openData(name)), [...SAMPLES.numbered!], name);
    }
  }));

Deno.test("openData() takes the folders of a tar's images for classes where no labels are written", () =>
  withCache(async (path) => {
    const folders = await openFixture("folders.tar");
    const labels = [0, 0, 1, 1];
    const labelled = SAMPLES.folders!.map((sample, i) => ({ ...sample, label: labels[i]! }));
    assertEquals(await samplesOf(folders), labelled);
    assertEquals(folders.classes, CLASSES);
    // The same images in a folder.
    for (const i of labels.keys()) {
      const place = path(`images/${folders.sample(i).key.slice("train/".length)}`);
      await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(place, await imageOf(folders, i));
    }
    const same = await openData(path("images"));
    assertEquals(same.classes, folders.classes);
    const prefixed: unknown[] = (await samplesOf(same)).map((sample) => ({
      ...sample,
      path: `train/${sample.path}`,
    }));
    assertEquals(prefixed, labelled);
  }));

Deno.test("openData() reads from Parquet files what pyarrow reads", () =>
  withCache(async () => {
    const structs = await openFixture("structs.parquet");
    const named = SAMPLES.structs!.map((sample, i) => ({ path: NAMES[i]!, ...sample }));
    assertEquals(await samplesOf(structs), named);
    assertEquals([structs.classes, structs.runs], [CLASSES, [2, 2, 1]]);
    const bytes = await openFixture("bytes.parquet");
    const numbered = SAMPLES.bytes!.map(({ image, label }, i) => ({
      ...{ path: `bytes/${i}`, image, label: CLASSES.indexOf(label as string) },
    }));
    assertEquals(await samplesOf(bytes), numbered);
    assertEquals([bytes.classes, bytes.runs], [CLASSES, [3, 2]]);
  }));

Deno.test("shards are gone through once, and again when they have changed", () =>
  withCache(async (path) => {
    await Deno.copyFile(`${SHARDS}/numbered-000000.tar`, path("a.tar"));
    assertEquals((await openData(path("a.tar"))).length, 3);
    const [index] = await Array.fromAsync(Deno.readDir(path("cache/genview/shards")));
    const file = path(`cache/genview/shards/${index!.name}`);
    const kept = JSON.parse(await Deno.readTextFile(file));
    kept.samples.paths[0] = "known.jpg";
    await Deno.writeTextFile(file, JSON.stringify(kept));
    assertEquals((await openData(path("a.tar"))).sample(0).key, "known.jpg");
    // What is no index is made again.
    await Deno.writeTextFile(file, '{"version":1,');
    assertEquals((await openData(path("a.tar"))).sample(0).key, "000000.jpg");
    const dataset = await openData(path("a.tar"));
    await Deno.copyFile(`${SHARDS}/folders.tar`, path("a.tar"));
    assertEquals((await openData(path("a.tar"))).length, 4);
    await Deno.truncate(path("a.tar"), 1000);
    await assertRejects(() => imageOf(dataset, 2), TypeError, "it must be the part of 20480 bytes");
  }));

Deno.test("shards that are damaged, truncated or compressed are refused by name and byte", () =>
  withCache(async (path) => {
    const whole = await Deno.readFile(`${SHARDS}/numbered-000000.tar`);
    const refuse = async (bytes: Uint8Array, found: string) => {
      await Deno.writeFile(path("bad.tar"), bytes);
      const error = await assertRejects(() => openData(path("bad.tar")), TypeError);
      assertStringIncludes(error.message, path("bad.tar"));
      assertStringIncludes(error.message, found);
    };
    // The label of the first sample, then its JSON: headers at 0, 1024 and 2048.
    await refuse(whole.with(1024 + 5, 255), "found no header of a file at byte 1024");
    await refuse(whole.subarray(0, 1600), "found its end within");
    await refuse(whole.subarray(0, 1024), "its end before a block of zeros at byte 1024");
    await refuse(whole.subarray(0, 300), "its end before a block of zeros at byte 300");
    await refuse(new Uint8Array([0x1f, 0x8b, 8, 0]), "found gzip; decompress it first");
    await Deno.writeFile(
      path("bad.parquet"),
      (await Deno.readFile(`${SHARDS}/bytes.parquet`)).subarray(0, 9000),
    );
    const cut = await assertRejects(() => openData(path("bad.parquet")), TypeError);
    assertStringIncludes(cut.message, `the shard ${path("bad.parquet")}`);
    const spoilt = await Deno.readFile(`${SHARDS}/structs.parquet`);
    await Deno.writeFile(path("spoilt.parquet"), spoilt.fill(255, 4, 3000));
    const images = await openData(path("spoilt.parquet"));
    await assertRejects(() => imageOf(images, 0), TypeError, "in the rows from 0, from byte 4");
    assert((await imageOf(images, 4)).length > 0);
  }));

Deno.test("samples that lie apart, have two images or odd labels are refused", () =>
  withCache(async (path) => {
    await writeTar(path("a.tar"), { "0.jpg": "a", "1.cls": "3" });
    await writeTar(path("b.tar"), { "1.jpg": "b", "2.jpg": "c" });
    const error = await assertRejects(() => openData(path("{a,b}.tar")), TypeError);
    assertStringIncludes(error.message, `found "1" in ${path("a.tar")} and in ${path("b.tar")}`);
    const refused = [
      [{ "0.jpg": "a", "0.png": "b" }, 'found jpg and png of "0"'],
      [{ "0.jpg": "a", "1.jpg": "b", "0.cls": "0" }, 'found "0" apart in'],
      [{ "0.JPG": "a", "0.jpg": "b" }, "each file must have a name of its own"],
      [{ "0.jpg": "a", "0.json": '{"label": 0.5}' }, "must be a whole number or a name, found 0.5"],
      [{ "0.jpg": "a", "0.json": "{" }, "it must be JSON"],
      [{ "0.jpg": "a", "0.cls": "1", "1.jpg": "b", "1.cls": "cat" }, 'found 1 and "cat"'],
      [{ "0.cls": "1", "readme": "text" }, "they must hold images, found none"],
    ] as const;
    for (const [files, found] of refused) {
      await writeTar(path("bad.tar"), files);
      const error = await assertRejects(() => openData(path("bad.tar")));
      assertStringIncludes((error as Error).message, found);
    }
    // What is more than one extension yields to a plain one, and is the image where there is no other.
    await writeTar(path("c.tar"), {
      "0.left.jpg": "a",
      "0.txt": "a dog",
      "1.seg.png": "b",
      "1.jpg": "c",
    });
    const dataset = await openData(path("c.tar"));
    assertEquals([0, 1].map((i) => dataset.sample(i).key), ["0.left.jpg", "1.jpg"]);
    assertEquals(dataset.sample(0).label, undefined);
  }));

Deno.test("names of shards that lead nowhere or to several parts are refused", () =>
  withCache(async (path) => {
    await writeTar(path("train-0.tar"), { "0.jpg": "a" });
    await assertRejects(
      () => openData(path("train-{0..2}.tar")),
      Deno.errors.NotFound,
      `the shard ${path("train-1.tar")}`,
    );
    await assertRejects(() => openData(path("x*.tar")), Deno.errors.NotFound, "found none");
    await Deno.mkdir(path("both"));
    for (const part of ["train", "validation"]) {
      await Deno.copyFile(path("train-0.tar"), path(`both/${part}-00.tar`));
    }
    await assertRejects(
      () => openData(path("both")),
      TypeError,
      `name one part, such as ${path("both/validation*.tar")}`,
    );
    await Deno.copyFile(`${SHARDS}/bytes.parquet`, path("both/train-1.parquet"));
    await assertRejects(
      () => openData(path("both/train-{00.tar,1.parquet}")),
      TypeError,
      "all must be tars or all Parquet",
    );
  }));

Deno.test("shards serve evaluation, with classes by number and by name", () =>
  withCache(async (path) => {
    const numbered = `${SHARDS}/numbered-{000000..000001}.tar`;
    const list = { name: "pets", classes: CLASSES };
    const [bank, queries] = await openEvaluationData(numbered, `${SHARDS}/structs.parquet`, {
      classes: list,
    });
    assertEquals([bank.classes, queries.classes, queries.length], [CLASSES, CLASSES, 5]);
    const same = await openEvaluationData(numbered, `${SHARDS}/numbered-00000{0,1}.tar`);
    assert(same[0] === same[1]);
    const dogs = { name: "dogs", classes: ["dog"] };
    const [only] = await openEvaluationData(`${SHARDS}/folders.tar`, numbered);
    assertEquals(only.length, 4);
    const [fewer] = await openEvaluationData(`${SHARDS}/folders.tar`, `${SHARDS}/folders.tar`, {
      classes: dogs,
    });
    assertEquals([fewer.length, fewer.sample(0).label], [2, 0]);
    await writeTar(path("a.tar"), { "0.jpg": "a", "0.cls": "7" });
    await assertRejects(
      () => openEvaluationData(path("a.tar"), path("a.tar"), { classes: list }),
      TypeError,
      "must be numbers of its 2 classes, from 0, found 7",
    );
  }));

Deno.test("shards of variations are found by the paths of the images", () =>
  withCache(async () => {
    const data = `${SHARDS}/folders.tar`;
    const PLAIN = { variationKey: "path", missingVariation: "skip" } as const;
    const dataset = await openTrainingData({ ...PLAIN, data, variations: data });
    assertEquals(dataset.coverage, { matched: 4, total: 4, samplesByCount: [0, 4] });
    assertEquals(dataset.runs, [4]);
    const source = dataset.sample(1).variations![0]!;
    if (source.kind !== "encoded") throw new Error("images of shards are encoded");
    assertEquals(await source.read(), await imageOf(dataset, 1));
  }));
