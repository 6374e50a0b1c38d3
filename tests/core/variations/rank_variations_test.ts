import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openVariations } from "../../../core/data/mod.ts";
import { joinManifests } from "../../../core/variations/join_manifests.ts";
import { formatLine } from "../../../core/variations/manifest.ts";
import { variationsOf } from "../../../core/variations/output_names.ts";
import type { VariationSettings } from "../../../core/variations/settings.ts";
import { main } from "../../../tasks/variations.ts";
import { mpirun, testMpi } from "../../mpirun.ts";
import { lastOfEach } from "../../tasks/last_of_each.ts";
import { digestsOf, mpirunTask, mpirunTaskWell } from "../../tasks/rank_task.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { SAMPLES, SHARDS, withCache } from "../data/shards/shard_fixtures.ts";
import {
  bytesOf,
  imagesOf,
  type Path,
  smallOptions,
  withModel,
  writeCopies,
} from "./variation_fixture.ts";

const KILLED = new URL("./programs/killed_variations.ts", import.meta.url);

function options(path: Path, output: string): string[] {
  return ["--input-list", path("list.txt"), "--output-prefix", path(output), ...smallOptions(path)];
}

/** Seven images, of which one cannot be read. */
async function writeList(path: Path): Promise<void> {
  await writeCopies(path, 6);
  await Deno.writeTextFile(path("images/none.png"), "no image");
  await Deno.writeTextFile(path("list.txt"), "none.png 100\n", { append: true });
}

testMpi(
  "variations on 2 ranks leave the files of one process, byte for byte",
  (kind) =>
    withModel(async (path) => {
      await writeList(path);
      await main(options(path, "alone"));
      const { stdout, stderr } = await mpirunTaskWell(
        kind,
        2,
        "variations",
        options(path, "together"),
      );
      const expected = await digestsOf(path("alone"));
      assert("manifest.jsonl" in expected, Object.keys(expected).join(", "));
      assertEquals(await digestsOf(path("together")), expected);
      // Told by the first rank alone, of all.
      assertEquals(
        stdout.trim(),
        `made 6 of 7 variations, 0 were there already, 1 has an unreadable image: ${
          path("together")
        }`,
      );
      assertEquals(stderr.match(/none\.png/g)?.length, 1, stderr);
    }),
);

testMpi(
  "variations go on after a rank was killed, by another number of processes, to the same files",
  (kind) =>
    withModel(async (path) => {
      await writeList(path);
      // As the program that is killed has it, so that it is killed between two batches.
      const singly = (output: string) => [...options(path, output), "--batch-size", "1"];
      await main(singly("alone"));
      const expected = await digestsOf(path("alone"));
      const given = [path("list.txt"), path("images"), path("model")];
      const folder = path("killed");
      const { code } = await mpirun(kind, 2, KILLED, [...given, folder], {
        permissions: ["--allow-all"],
        seconds: 240,
      });
      assert(code !== 0, `the code is ${code}`);
      const left = Object.keys(await digestsOf(folder));
      assert(left.includes("manifest-1-of-2.jsonl"), left.join(", "));
      await mpirunTaskWell(kind, 3, "variations", singly("killed"));
      const found = await digestsOf(folder);
      // Who is killed leaves its locks, which the system has opened.
      for (const name of Object.keys(found)) if (name.endsWith(".lock")) delete found[name];
      assertEquals(found, expected);
    }),
  ["openmpi"],
);

/** Makes variations of images in shards as files, by one process; options that do so, and the variations. */
async function makeOfShards(path: Path) {
  const sources = SAMPLES.numbered!.map(({ path }) => path!);
  await Deno.writeTextFile(path("list.txt"), sources.map((key) => `${key} 100\n`).join(""));
  const prefix = ["--input-prefix", `${SHARDS}/numbered-{000000..000001}.tar`, "--format", "png"];
  const args = (output: string) => lastOfEach([...options(path, output), ...prefix]);
  await main(args("alone"));
  const names = sources.map((key) => key.replace(/\.\w+$/, ".png"));
  return { args, names, files: await bytesOf(path("alone"), names) };
}

/** Checks that two processes have put every other variation each into tars of two at most, and have left no files. */
async function checkTars(folder: string, names: readonly string[], files: readonly Uint8Array[]) {
  const left = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  const tars = left.filter((name) => name.endsWith(".tar"));
  assertEquals(left.filter((name) => !tars.includes(name)), ["manifest.jsonl", "variations.json"]);
  const opened = await Promise.all(tars.map((tar) => openVariations(`${folder}/${tar}`)));
  const [first, second, third, fourth, fifth] = names as [string, string, string, string, string];
  assertEquals(Object.fromEntries(tars.map((tar, i) => [tar, opened[i]!.paths])), {
    "variations-0-of-2-000000.tar": [first, third],
    "variations-0-of-2-000001.tar": [fifth],
    "variations-1-of-2-000000.tar": [second, fourth],
  });
  assertEquals(await imagesOf(await openVariations(folder), names), files);
}

testMpi(
  "variations of shards into shards by 2 ranks are those of one process, each in one tar",
  (kind) =>
    withCache(() =>
      withModel(async (path) => {
        const { args, names, files } = await makeOfShards(path);
        const together = [...args("together"), "--shard-size", "2"];
        const { stdout } = await mpirunTaskWell(kind, 2, "variations", together);
        assertStringIncludes(stdout, "made 5 of 5 variations, 0 were there already");
        await checkTars(path("together"), names, files);
        const [manifest, expected] = await bytesOf(path("."), [
          "together/manifest.jsonl",
          "alone/manifest.jsonl",
        ]);
        assertEquals(manifest, expected);
        // Another number of processes finds all of them in the tars.
        const before = await digestsOf(path("together"));
        await main(together);
        assertEquals(await digestsOf(path("together")), before);
      })
    ),
  ["openmpi"],
);

Deno.test("variations of shards into shards by jobs of an array are those of one process, each in one tar", () =>
  withCache(() =>
    withModel(async (path) => {
      const { args, names, files } = await makeOfShards(path);
      const packed = [...args("jobs"), "--shard-size", "2"];
      for (const shard of ["1/2", "0/2"]) await main([...packed, "--shard", shard]);
      // Who makes all of it finds nothing to make, and puts the manifests together.
      await main(packed);
      await checkTars(path("jobs"), names, files);
    })
  ));

testMpi(
  "an error of a rank ends all of them with its message",
  (kind) =>
    withModel(async (path) => {
      await writeList(path);
      await Deno.remove(path("model/unet/config.json"));
      const { code, stderr } = await mpirunTask(kind, 2, "variations", options(path, "out"));
      assert(code !== 0, `the code is ${code}`);
      assertStringIncludes(stderr, "of 2: Cannot ");
      assertStringIncludes(stderr, "unet");
    }),
  ["openmpi"],
);

const SETTINGS: VariationSettings = {
  ...{ seed: 0, model: "m", precision: "float32", scheduler: "s", steps: 5, scale: 10 },
  ...{ prompt: "", negativePrompt: "", imagesPerPrompt: 1, size: 0, format: "png", quality: 75 },
};

Deno.test("joinManifests() puts lines in the order of the list, each once, behind those of others", () =>
  withFolder(async (path) => {
    const names = { imagesPerPrompt: 1, format: "png" } as const;
    const images = ["c.png", "a.png", "b.png"].map((key) => ({ key, sourcePath: key, level: 3 }));
    const line = (key: string, settings = SETTINGS) => {
      const [variation] = variationsOf({ key, sourcePath: key, level: 3 }, names);
      return `${formatLine(variation!, settings)}\n`;
    };
    const handMade = `{"path":"b.png","level":3}\n`;
    await Deno.writeTextFile(path("manifest.jsonl"), line("x.png") + line("a.png"));
    await Deno.writeTextFile(path("manifest-0-of-2.jsonl"), line("c.png") + line("y.png"));
    const torn = line("c.png").slice(0, 20);
    await Deno.writeTextFile(path("manifest-1-of-2.jsonl"), line("a.png") + handMade + torn);
    const job = { folder: path("."), images, names, settings: SETTINGS };
    await joinManifests(job);
    const expected = line("x.png") + line("y.png") + line("c.png") + line("a.png") + handMade;
    assertEquals(await Deno.readTextFile(path("manifest.jsonl")), expected);
    assertEquals((await Array.fromAsync(Deno.readDir(path(".")))).map(({ name }) => name), [
      "manifest.jsonl",
    ]);
    await joinManifests(job);
    assertEquals(await Deno.readTextFile(path("manifest.jsonl")), expected);
  }));
