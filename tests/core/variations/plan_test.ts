import { assertEquals, assertRejects } from "@std/assert";
import { findVariations } from "../../../core/variations/find_variations.ts";
import { type OutputNames, planVariations, variationsOf } from "../../../core/variations/plan.ts";
import { withFolder } from "../backbones/clip_golden.ts";

const NAMES = { imagesPerPrompt: 1, format: "source" } as const;

Deno.test("planVariations() takes all ways to write a path for one image", () =>
  withFolder(async (path) => {
    const lines = ["./cats/0.png", "cats//./0.png", path("images/./cats/0.png"), "cats/0.png"];
    await Deno.writeTextFile(path("list.txt"), lines.map((line) => `${line} 100\n`).join(""));
    const images = await planVariations({
      ...NAMES,
      ...{
        inputList: path("list.txt"),
        inputPrefix: `${path("images")}/./`,
        noiseLevel: undefined,
      },
    });
    assertEquals(images.map(({ key, level }) => [key, level]), [["cats/0.png", 100]]);
  }));

Deno.test("planVariations() refuses images whose variations no data set could tell apart", () =>
  withFolder(async (path) => {
    const plan = async (names: readonly string[], more: Partial<OutputNames> = {}) => {
      await Deno.writeTextFile(path("list.txt"), names.map((name) => `${name} 0\n`).join(""));
      return await planVariations({ ...NAMES, inputList: path("list.txt"), ...more });
    };
    const refuse = (names: readonly string[], more: Partial<OutputNames>, found: string) =>
      assertRejects(() => plan(names, more), TypeError, `found ${found}; rename one of them`);
    const [jpeg, png, webp] = ["a/x.jpg", "a/x.png", "a/x.webp"] as const;
    // Each has the very name of its image.
    assertEquals((await plan([jpeg, png, "a/x.JPG"])).length, 3);
    await refuse([jpeg, png], { imagesPerPrompt: 2 }, "a/x/0.jpg for a/x.jpg");
    await refuse([jpeg, webp], {}, "a/x.png for a/x.webp");
    await refuse([png, webp], {}, "a/x.png for a/x.webp");
    await refuse([jpeg, png], { format: "jpeg" }, "a/x.jpg for a/x.png");
    assertEquals((await plan([jpeg, "a/x/0.png"])).length, 2);
    await assertRejects(
      () => plan([jpeg, "a/x/0.png"], { imagesPerPrompt: 2 }),
      TypeError,
      "they go into the folder of its name, found the image a/x/0.png",
    );
    assertEquals((await plan([jpeg, "a/x.1.png", "b/x.png"], { imagesPerPrompt: 2 })).length, 3);
  }));

Deno.test("variationsOf() names them after their image, in its own format or another", () => {
  const image = { key: "a/b.webp", sourcePath: "a/b.webp", level: 0 };
  const names = (imagesPerPrompt: number, format: "source" | "png" | "jpeg") =>
    variationsOf(image, { imagesPerPrompt, format }).map(({ path }) => path);
  assertEquals(names(1, "source"), ["a/b.png"]);
  assertEquals(names(2, "jpeg"), ["a/b/0.jpg", "a/b/1.jpg"]);
});

Deno.test("findVariations() finds an image's however the manifests write its path", () =>
  withFolder(async (path) => {
    await Deno.mkdir(path("a"));
    await Deno.mkdir(path("b"));
    const line = (file: string, source: string, level: number) =>
      JSON.stringify({ path: file, source, index: 0, level }) + "\n";
    await Deno.writeTextFile(path("a/manifest.jsonl"), line("./x.png", "./x.png", 0));
    await Deno.writeTextFile(path("b/manifest-0-of-2.jsonl"), line("x.png", "x.png", 200));
    const found = await findVariations([path("a"), path("b")]);
    assertEquals([...found.keys()], ["x.png"]);
    assertEquals(
      found.get("x.png")!.map(({ file, level }) => [file, level]),
      [[path("a/x.png"), 0], [path("b/x.png"), 200]],
    );
  }));
