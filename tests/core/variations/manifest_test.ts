import { assertEquals, assertRejects } from "@std/assert";
import { WHOLE } from "../../../core/distributed/shard.ts";
import { Manifest, readManifests } from "../../../core/variations/manifest.ts";
import { removeVariations } from "../../../core/variations/remove_variations.ts";
import { claimFolder, type VariationSettings } from "../../../core/variations/settings.ts";
import { withFolder } from "../backbones/clip_golden.ts";

const SETTINGS: VariationSettings = {
  ...{ seed: 0, model: "m", precision: "float32", scheduler: "pndm", steps: 20, scale: 10 },
  ...{
    prompt: "",
    negativePrompt: "",
    imagesPerPrompt: 1,
    size: 512,
    format: "source",
    quality: 75,
  },
};

function variation(key: string) {
  const source = { kind: "encoded", name: key, read: () => Promise.reject(new Error()) } as const;
  return { key, source, sourcePath: key, level: 100, index: 0, path: key };
}

async function pathsIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(readManifests(folder))).map(({ path }) => path);
}

Deno.test("Manifest cuts off the line that a killed process has torn", () =>
  withFolder(async (path) => {
    await claimFolder(path("out"), SETTINGS);
    {
      using manifest = await Manifest.open(path("out"), WHOLE, SETTINGS);
      await manifest.append([variation("a.png"), variation("b ü.png")]);
      using other = await Manifest.open(path("out"), { index: 1, count: 2 }, SETTINGS);
      await other.append([variation("c.png")]);
    }
    const whole = await Deno.readTextFile(path("out/manifest.jsonl"));
    await Deno.writeTextFile(path("out/manifest.jsonl"), whole + whole.slice(0, 30));
    assertEquals(await pathsIn(path("out")), ["c.png", "a.png", "b ü.png"]);
    using _ = await Manifest.open(path("out"), WHOLE, SETTINGS);
    assertEquals(await Deno.readTextFile(path("out/manifest.jsonl")), whole);
  }));

Deno.test("readManifests() names lines that are none, and never leads out of the folder", () =>
  withFolder(async (path) => {
    const refuse = async (line: string, message: string) => {
      await Deno.writeTextFile(path("manifest-0-of-1.jsonl"), `${line}\n`);
      await assertRejects(() => pathsIn(path(".")), SyntaxError, `line 1 must ${message}`);
    };
    await refuse("a.png 100", "be JSON");
    await refuse('{"path":"a.png"}', "have a path within the folder and a level");
    await refuse('{"path":"../a.png","level":0}', "have a path within the folder and a level");
    await refuse('{"path":"/a.png","level":0}', "have a path within the folder and a level");
  }));

Deno.test("claimFolder() names settings that differ; removeVariations() leaves other files", () =>
  withFolder(async (path) => {
    await claimFolder(path("out"), SETTINGS);
    await claimFolder(path("out"), SETTINGS);
    await assertRejects(
      () => claimFolder(path("out"), { ...SETTINGS, model: "n", steps: 50 }),
      TypeError,
      'found model "m" there and "n" asked for, steps 20 there and 50 asked for',
    );
    for (const name of ["a.png", "b.png", "mine.png"]) await Deno.create(path(`out/${name}`));
    {
      using manifest = await Manifest.open(path("out"), WHOLE, SETTINGS);
      await manifest.append([variation("a.png"), variation("gone.png")]);
    }
    await removeVariations(path("out"), ["b.png"]);
    const left = await Array.fromAsync(Deno.readDir(path("out")));
    assertEquals(left.map(({ name }) => name), ["mine.png"]);
    await removeVariations(path("none"), []);
  }));
