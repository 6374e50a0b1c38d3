import { assertEquals, assertRejects } from "@std/assert";
import { findVariations } from "../../../core/variations/find_variations.ts";
import {
  countVariations,
  type OutputNames,
  variationsOf,
} from "../../../core/variations/output_names.ts";
import { type PlanOptions, planVariations } from "../../../core/variations/plan.ts";
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

const ROWS = "image,level,prompt,negative_prompt,guidance_scale,variations\n" +
  "a/0.jpg,100,a cat,rain,3,\n" +
  "a/1.jpg,,,,,2\n";

Deno.test("planVariations() takes of a list what the condition is", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("list.csv"), ROWS);
    const plan = (more: Partial<PlanOptions>) =>
      planVariations({ ...NAMES, inputList: path("list.csv"), inputPrefix: path("in"), ...more });
    const [first, second] = await plan({});
    const own = { scale: 3, prompt: "a cat", negativePrompt: "rain" };
    assertEquals(first, { key: "a/0.jpg", level: 100, sourcePath: path("in/a/0.jpg"), own });
    assertEquals(second!.own, { imagesPerPrompt: 2 });
    // The prompts of a list mean nothing where the image alone is the condition.
    assertEquals((await plan({ condition: "image" }))[0]!.own, { scale: 3 });
    const byText = await plan({ condition: "text", prompt: "for the other" });
    assertEquals(byText[0], { key: "a/0.jpg", level: 100, own });
    const named = byText.flatMap((image) => variationsOf(image, NAMES));
    assertEquals(
      named.map(({ path, source, prompt, guidanceScale }) => [path, source, prompt, guidanceScale]),
      [
        ["a/0.jpg", undefined, "a cat", 3],
        ["a/1/0.jpg", undefined, undefined, undefined],
        ["a/1/1.jpg", undefined, undefined, undefined],
      ],
    );
    assertEquals(countVariations(byText, NAMES), 3);
  }));

Deno.test("planVariations() refuses rows that lack what they are generated by, and options that mean nothing", () =>
  withFolder(async (path) => {
    const list = path("list.csv");
    const refuse = async (text: string, more: Partial<PlanOptions>, message: string) => {
      await Deno.writeTextFile(list, text);
      const planned = () => planVariations({ ...NAMES, inputList: list, ...more });
      await assertRejects(planned, TypeError, message);
    };
    for (const condition of ["image", "image-text"] as const) {
      const message =
        `Cannot generate b (${list}, line 2): with --condition ${condition} each row must have an image`;
      await refuse("key,prompt\nb,a cat\n", { condition }, message);
    }
    const none =
      `Cannot generate a.jpg (${list}, line 2): with --condition text each row must have a prompt`;
    await refuse("image\na.jpg\n", { condition: "text" }, none);
    const option = (name: string) => `${name} means nothing there; leave it out`;
    await refuse("image\na.jpg\n", { condition: "image", prompt: "a cat" }, option("--prompt"));
    const level = { condition: "text", noiseLevel: 100 } as const;
    await refuse("key,prompt\na,a cat\n", level, option("--noise-level"));
    for (const key of ["../b", "/b", "."]) {
      await refuse(`key,prompt\n${key},a cat\n`, { condition: "text" }, "a key must be the path");
    }
    await refuse(
      "image,guidance_scale\na.jpg,3\na.jpg,\n",
      {},
      `an image must have one guidance scale, found none and 3 (${list}, line 2)`,
    );
    const several = "image,variations\na/x.jpg,2\na/x/0.png,1\n";
    await refuse(several, {}, "Cannot generate several variations of a/x.jpg");
    await Deno.writeTextFile(list, several.replace("x.jpg,2", "x.jpg,1"));
    assertEquals((await planVariations({ ...NAMES, inputList: list })).length, 2);
  }));
