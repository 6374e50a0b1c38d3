import { assert, assertEquals, assertRejects } from "@std/assert";
import { openVariations, writeTar } from "../../../core/data/mod.ts";
import { listVariations, makeVariationGrid, makeVariations } from "../../../core/variations/mod.ts";
import { withCache } from "../data/shards/shard_fixtures.ts";
import {
  bytesOf,
  imagesOf,
  linesOf,
  type Path,
  taskArguments,
  until,
  withModel,
  writeCopies,
} from "./variation_fixture.ts";

function optionsOf(path: Path, outputPrefix: string) {
  return {
    ...{ inputList: path("list.txt"), inputPrefix: path("images"), model: path("model") },
    ...{ outputPrefix: path(outputPrefix), numInferenceSteps: 2, size: 0 },
    ...{ device: "cpu", threads: 1 },
  };
}

/** Runs with a model and pictures, and indexes of tars in a folder of the test's own. */
async function withPictures(test: (path: Path) => Promise<void>): Promise<void> {
  await withCache(async () => await withModel(test));
}

/** Names in a folder of variations, but for what says how they were made. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => !name.endsWith(".json") && !name.endsWith(".jsonl")).sort();
}

Deno.test("makeVariations() puts into tars what it would leave as files, and finds them again", () =>
  withPictures(async (path) => {
    const names = await writeCopies(path, 3);
    await makeVariations(optionsOf(path, "files"));
    const files = await bytesOf(path("files"), names);
    const options = { ...optionsOf(path, "out"), shardSize: 2 };
    assertEquals((await makeVariations(options)).made, 3);
    const tars = [0, 1].map((i) => `variations-00000${i}.tar`);
    assertEquals(await namesIn(path("out")), tars);
    const opened = await openVariations(path("out"));
    assertEquals(opened.paths, names);
    assertEquals(await imagesOf(opened, names), files);
    const alone = await openVariations(path("out/variations-00000{1..1}.tar"));
    assertEquals(alone.paths, [names[2]!]);
    assertEquals((await linesOf(path("out"))).map(({ path }) => path), names);
    const again = await makeVariations(options);
    assertEquals([again.existing, again.made], [3, 0]);
    assertEquals((await makeVariations({ ...options, shardSize: 0 })).existing, 3);
    const grid = { output: path("grid.png"), inputPrefix: path("images"), levels: [100], count: 2 };
    assertEquals((await makeVariationGrid({ ...grid, folders: [path("out")] })).images, 2);
    await assertRejects(() => listVariations({ inputDir: path("out") }), TypeError, tars[0]!);
    await Deno.writeTextFile(path("list.txt"), `${names[0]} 100\n`);
    const anew = await makeVariations({ ...options, overwrite: true, shardSize: 0 });
    assertEquals([anew.existing, anew.made], [0, 1]);
    assertEquals(await namesIn(path("out")), ["cats"]);
  }));

Deno.test("makeVariations() takes into tars what was left of a run that was stopped, at whichever point", () =>
  withPictures(async (path) => {
    const names = await writeCopies(path, 2);
    const options = { ...optionsOf(path, "out"), numImagesPerPrompt: 2, batchSize: 1 };
    const all = names.flatMap((name) => [0, 1].map((i) => `${name.replace(".png", "")}/${i}.png`));
    const stop = new AbortController();
    await makeVariations(options, {
      signal: stop.signal,
      report: (event) => void (event.kind === "progress" && event.made === 2 && stop.abort()),
    });
    const before = await bytesOf(path("out"), all.slice(0, 2));
    // Half of a tar, as who is killed leaves it.
    await Deno.writeTextFile(path("out/.genview-0123abcd.tmp"), "half");
    const rest = await makeVariations({ ...options, shardSize: 3 });
    assertEquals([rest.existing, rest.made], [2, 2]);
    const tars = ["variations-000000.tar", "variations-000001.tar"];
    assertEquals(await namesIn(path("out")), tars);
    const opened = await openVariations(path("out"));
    assertEquals(opened.paths, all);
    assertEquals(await imagesOf(opened, all.slice(0, 2)), before);
    // Files that who was killed behind the tar has not removed; the line of one was cut off.
    await Deno.mkdir(path("out/cats/copy 0"), { recursive: true });
    await Deno.writeFile(path(`out/${all[0]}`), before[0]!);
    const lines = (await Deno.readTextFile(path("out/manifest.jsonl"))).split("\n");
    await Deno.writeTextFile(path("out/manifest.jsonl"), lines.slice(1).join("\n"));
    assertEquals((await openVariations(path("out"))).paths, all);
    assertEquals((await makeVariations({ ...options, shardSize: 3 })).existing, 4);
    assertEquals(await namesIn(path("out")), tars);
    assertEquals((await linesOf(path("out"))).map((line) => line.path), all);
    // Another's file is not removed.
    await Deno.mkdir(path("out/cats/copy 0"), { recursive: true });
    await Deno.writeTextFile(path(`out/${all[0]}`), "another's");
    await assertRejects(() => makeVariations(options), Deno.errors.AlreadyExists, "must be free");
  }));

Deno.test("variations in tars outlive a killed process", () =>
  withPictures(async (path) => {
    const names = await writeCopies(path, 4);
    const options = optionsOf(path, "out");
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...await taskArguments(),
        ...["--input-list", options.inputList, "--input-prefix", options.inputPrefix],
        ...["--model", options.model, "--output-prefix", options.outputPrefix],
        ...["--num-inference-steps", "2", "--size", "0", "--device", "cpu", "--threads", "1"],
        ...["--shard-size", "1", "--batch-size", "1"],
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(async () => {
      try {
        return (await namesIn(path("out"))).some((name) => name.endsWith("0.tar"));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    });
    child.kill("SIGKILL");
    await child.status;
    const rest = await makeVariations({ ...options, shardSize: 3 });
    assert(rest.existing >= 1 && rest.existing + rest.made === 4);
    const opened = await openVariations(path("out"));
    assertEquals(opened.paths.toSorted(), names.toSorted());
    assert((await imagesOf(opened, names)).every(({ length }) => length > 0));
    assert((await namesIn(path("out"))).every((name) => name.endsWith(".tar")));
  }));

Deno.test("makeVariations() takes images from shards, and makes what it makes of files", () =>
  withPictures(async (path) => {
    const names = await writeCopies(path, 2);
    await makeVariations(optionsOf(path, "files"));
    const images = names.map((name) => ({
      path: name,
      bytes: Deno.readFileSync(path(`images/${name}`)),
    }));
    await Deno.mkdir(path("shards"));
    for (const [i, image] of images.entries()) await writeTar(path(`shards/${i}.tar`), [image]);
    const options = { ...optionsOf(path, "out"), inputPrefix: path("shards/{0..1}.tar") };
    assertEquals((await makeVariations(options)).made, 2);
    assertEquals(await bytesOf(path("out"), names), await bytesOf(path("files"), names));
    await assertRejects(
      () => makeVariations({ ...options, relativeTo: path("images") }),
      TypeError,
      "--relative-to is for images in folders",
    );
    await Deno.writeTextFile(path("list.txt"), "cats/none.png 0\n");
    await assertRejects(
      () => makeVariations(options),
      TypeError,
      `must hold it, found 2 other images, such as ${names[0]}`,
    );
  }));
