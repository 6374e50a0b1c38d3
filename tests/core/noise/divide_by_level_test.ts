import { assertEquals, assertRejects } from "@std/assert";
import { FolderLock } from "../../../core/files/folder_lock.ts";
import { divideByLevel } from "../../../core/noise/mod.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("divideByLevel() refuses a folder where another process is at work, and writes nothing", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("ratios.txt"), "a.jpg 0.5\n");
    const options = { inputFile: path("ratios.txt"), outputDir: path("out") };
    {
      using _lock = await FolderLock.acquire(path("out"));
      await assertRejects(() => divideByLevel(options), Deno.errors.AlreadyExists, "at work there");
    }
    assertEquals(await Array.fromAsync(Deno.readDir(path("out"))), []);
    assertEquals((await divideByLevel(options)).lists.length, 1);
  }));

Deno.test("divideByLevel() says in one line what is wrong with its paths", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("ratios.txt"), "a.jpg 0.5\n");
    const ratios = path("ratios.txt");
    const cases: [inputFile: string, outputDir: string, message: string][] = [
      [path("none.txt"), path("out"), 'must be the fg_ratios.txt of "deno task fg-ratio"'],
      [path("."), path("out"), "it is a folder; name a file"],
      [ratios, path("ratios.txt/out"), "a part of its path is a file"],
      [ratios, path("x".repeat(300)), "its name is longer than the file system allows"],
    ];
    for (const [inputFile, outputDir, message] of cases) {
      await assertRejects(() => divideByLevel({ inputFile, outputDir }), Error, message);
    }
  }));

Deno.test("divideByLevel() lists an image once, however it is written, and refuses two ratios of one", () =>
  withFolder(async (path) => {
    const options = { inputFile: path("ratios.txt"), outputDir: path("out") };
    await Deno.writeTextFile(options.inputFile, "./a.jpg 0.5\na.jpg 0.1\n");
    await assertRejects(
      () => divideByLevel(options),
      TypeError,
      "an image must have one ratio, found 0.5 and 0.1 of a.jpg",
    );
    await Deno.writeTextFile(options.inputFile, "./a.jpg 0.5\na.jpg 0.5\nb.jpg 0.5\n");
    assertEquals((await divideByLevel(options)).images, 2);
    assertEquals(await Deno.readTextFile(path("out/fg_ratios_200.txt")), "a.jpg 200\nb.jpg 200\n");
  }));

Deno.test("divideByLevel() ends when it was killed between any two files, and keeps those of other ratios", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("ratios.txt"), "a.jpg 0.1\nb.jpg 0.5\n");
    const options = { inputFile: path("ratios.txt"), outputDir: path("out") };
    const names = ["fg_ratios_0.txt", "fg_ratios_200.txt", "noise_levels.png"];
    const contents = () => Promise.all(names.map((name) => Deno.readFile(path(`out/${name}`))));
    await divideByLevel(options);
    const whole = await contents();
    for (const name of names.toReversed()) {
      await Deno.remove(path(`out/${name}`));
      if (name === "noise_levels.png") {
        await divideByLevel(options);
        await Deno.remove(path(`out/${name}`));
      }
    }
    await Deno.writeFile(path("out/fg_ratios_0.txt"), whole[0]!);
    await divideByLevel(options);
    assertEquals(await contents(), whole);
    await Deno.remove(path("out/fg_ratios_200.txt"));
    await assertRejects(
      () => divideByLevel(options),
      Deno.errors.AlreadyExists,
      "noise_levels.png",
    );
    await Deno.writeTextFile(path("out/fg_ratios_300.txt"), "c.jpg 300\n");
    await assertRejects(() => divideByLevel(options), Deno.errors.AlreadyExists, "fg_ratios_300");
  }));
