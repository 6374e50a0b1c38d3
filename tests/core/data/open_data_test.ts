import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type Dataset, indexTar } from "../../../core/data/mod.ts";
import { openData, openEvaluationData, openTrainingData } from "../../../core/data/open_data.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { split, tarOf } from "./tar/made_tar.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";

const PLAIN = { variations: "", variationKey: "path", missingVariation: "original" } as const;

Deno.test("openTrainingData() takes variations from a folder, a list or the parts of a tar", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await drawPictures(path("generated"));
    const data = path("images");
    assertEquals((await openTrainingData({ ...PLAIN, data })).coverage, undefined);

    const names = ["big dogs/0.png", "cats/2.png"];
    await Deno.writeTextFile(path("generated/list.txt"), names.join("\n"));
    const files = await Promise.all(names.map(async (name) => ({
      header: { name: `train/${name}` },
      bytes: await Deno.readFile(path(`generated/${name}`)),
    })));
    const parts = await split(await tarOf(files), path("train_variations.tar."), 700);
    const sizes = parts.map((part) => ({ path: part, size: Deno.statSync(part).size }));
    await indexTar(sizes, path("index.jsonl"));
    const two = { matched: 2, total: 6, samplesByCount: [4, 2] };
    for (
      const [given, coverage] of [
        [{ variations: path("generated") }, { matched: 6, total: 6, samplesByCount: [0, 6] }],
        [{ variations: path("generated/list.txt") }, two],
        [{ variations: path("index.jsonl"), variationKey: "class-name" }, two],
      ] as const
    ) {
      const dataset = await openTrainingData({ ...PLAIN, data, ...given });
      assertEquals(dataset.coverage, coverage, given.variations);
      const source = dataset.sample(0).variations![0]!;
      const bytes = source.kind === "encoded" ? await source.read() : undefined;
      assertEquals(bytes, await Deno.readFile(path("generated/big dogs/0.png")));
    }
    const skipping = { variations: path("generated/list.txt"), missingVariation: "skip" } as const;
    assertEquals((await openTrainingData({ ...PLAIN, data, ...skipping })).length, 2);
  }));

Deno.test("openTrainingData() draws by the seed, and openEvaluationData() by none", async () => {
  const drawn = async ({ sample }: Dataset) => {
    const { source } = sample(0);
    if (source.kind !== "rendered") throw new Error("an emoji is drawn");
    return [...(await source.render(0)).data];
  };
  const training = async (seed: number) =>
    await drawn(await openTrainingData({ ...PLAIN, data: "emoji-google", seed }));
  const first = await training(1);
  assertEquals(await training(1), first);
  assertNotEquals(await training(2), first);
  const [bank] = await openEvaluationData("emoji-google", "emoji-google");
  assertEquals(await drawn(bank), await training(0));
});

Deno.test("openEvaluationData() gives one data set for all ways to write its name", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await drawPictures(path("others"));
    await Deno.symlink(path("images"), path("link"));
    const images = path("images");
    const same = [images, `${images}/`, path("others/../images"), path("link")];
    for (const [bank, queries] of same.map((name) => [images, name] as const)) {
      const [first, second] = await openEvaluationData(bank, queries);
      assert(first === second, queries);
    }
    const [bank, queries] = await openEvaluationData(images, path("others"));
    assert(bank !== queries);
    const emoji = await openEvaluationData("emoji-google-pairs", "emoji-google");
    assert(emoji[0] === emoji[1]);
    await assertRejects(
      () => openEvaluationData(images, path("nothing")),
      TypeError,
      "found nothing of this name",
    );
  }));

Deno.test("openTrainingData() gives emoji as many variations as their name says, each its own", async () => {
  for (const [name, count] of [["", 0], ["-pairs", 1], ["-pairs-3", 3]] as const) {
    const emoji = await openTrainingData({ ...PLAIN, data: `emoji-twitter${name}` });
    const { variations = [] } = emoji.sample(0);
    assertEquals(new Set(variations.map(({ name }) => name)).size, count);
    assertEquals(emoji.coverage?.samplesByCount.indexOf(emoji.length) ?? 0, count);
  }
  await assertRejects(
    () => openTrainingData({ ...PLAIN, data: "emoji-twitter-pairs-0" }),
    TypeError,
    "found nothing of this name",
  );
});

Deno.test("openData() puts emoji in the middle if their name says so", async () => {
  const masks = async (name: string) => {
    const emoji = await openData(name, { redraw: true });
    const { source } = emoji.sample(0);
    assert(source.kind === "rendered");
    return [(await source.render(0)).mask!, (await source.render(1)).mask!] as const;
  };
  const [first, second] = await masks("emoji-twitter-centred");
  assertEquals(first, second);
  const rows = Array.from({ length: 64 }, (_, y) => first.subarray(64 * y, 64 * (y + 1)));
  const filled = rows.flatMap((row, y) => row.some((opacity) => opacity > 0) ? [y] : []);
  assert(
    Math.abs(filled[0]! - (63 - filled.at(-1)!)) <= 2,
    `rows ${filled[0]} to ${filled.at(-1)}`,
  );
  const [anywhere, elsewhere] = await masks("emoji-twitter");
  assertNotEquals(anywhere, elsewhere);
  await assertRejects(() => openData("emoji-twitter-centred-pairs"), TypeError, "-centred, -pairs");
});

Deno.test("openTrainingData() says what is not there", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    const none = { ...PLAIN, data: path("nothing") };
    await assertRejects(() => openTrainingData(none), TypeError, "found nothing of this name");
    await assertRejects(
      () => openTrainingData({ ...PLAIN, data: "nothing" }),
      TypeError,
      `found nothing of this name in ${Deno.cwd()}`,
    );
    await assertRejects(
      () => openTrainingData({ ...PLAIN, data: path("images"), variations: path("nothing") }),
      TypeError,
      'Cannot open the variations "',
    );
  }));
