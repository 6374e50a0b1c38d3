import { assert, assertEquals, assertRejects } from "@std/assert";
import { main } from "../../tasks/variations.ts";
import {
  linesOf,
  type Path,
  pixelsOf,
  smallOptions,
  withModel,
} from "../core/variations/variation_fixture.ts";
import { lastOfEach } from "./last_of_each.ts";

/** Runs the task over a list, one step for each variation. */
async function run(path: Path, list: string, output: string, ...more: string[]): Promise<void> {
  await main(lastOfEach([
    ...["--input-list", path(list), ...smallOptions(path), "--output-prefix", path(output)],
    ...["--num-inference-steps", "1", "--batch-size", "2", ...more],
  ]));
}

const HEADER = "image,level,prompt,negative_prompt,guidance_scale,variations\n";
const ROWS = 'cats/0.png,100,"a cat, asleep",,3,\n' +
  "cats/1.png,,,rain,1,2\nbig dogs/0.png,,,,,\n";

Deno.test("variations of a CSV have what its rows say, are noted so, and resume by nothing else", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.csv"), HEADER + ROWS);
    await run(path, "list.csv", "out", "--prompt", "a dog", "--scale", "10");
    const lines = await linesOf(path("out"));
    assertEquals(
      lines.map((line) => [
        ...[line.path, line.level, line.prompt, line.negativePrompt],
        ...[line.scale, line.imagesPerPrompt, line.condition],
      ]),
      [
        ["big dogs/0.png", 0, "a dog", "", 10, 1, undefined],
        ["cats/0.png", 100, "a cat, asleep", "", 3, 1, undefined],
        ["cats/1/0.png", 0, "a dog", "rain", 1, 2, undefined],
        ["cats/1/1.png", 0, "a dog", "rain", 1, 2, undefined],
      ],
    );
    // Killed before a line was written: the file is known as its own by all that the list says of it.
    const manifest = path("out/manifest.jsonl");
    const whole = await Deno.readTextFile(manifest);
    await Deno.writeTextFile(manifest, whole.split("\n").slice(1).join("\n"));
    await run(path, "list.csv", "out", "--prompt", "a dog", "--scale", "10");
    assertEquals(await linesOf(path("out")), lines);

    const refuse = async (rows: string, found: string) => {
      await Deno.writeTextFile(path("other.csv"), HEADER + rows);
      const again = () => run(path, "other.csv", "out", "--prompt", "a dog", "--scale", "10");
      await assertRejects(again, TypeError, `found cats/${found} asked for`);
    };
    await refuse(ROWS.replace(",3,", ",4,"), "0.png at guidance scale 3 and 4");
    await refuse(ROWS.replace("rain", "snow"), '1/0.png at negative prompt "rain" and "snow"');
    await refuse(ROWS.replace("1,2", "1,"), "1/0.png at number of variations 2 and 1");
    await refuse(ROWS.replace("3,\n", "3,2\n"), "0.png at number of variations 1 and 2");
    assertEquals(await linesOf(path("out")), lines);
  }));

Deno.test("variations by text alone read no image, and differ from those by image and text", () =>
  withModel(async (path) => {
    const rows = [
      { image: "cats/0.png", prompt: "a cat" },
      { image: "cats/none.png", prompt: "a cat" },
      { key: "new/moon", prompt: "the moon over the sea", guidance_scale: 2 },
    ];
    const text = rows.map((row) => JSON.stringify(row) + "\n");
    await Deno.writeTextFile(path("list.jsonl"), text.join(""));
    await assertRejects(
      () => run(path, "list.jsonl", "out"),
      TypeError,
      "each row must have an image",
    );
    await assertRejects(() => Deno.stat(path("out")), Deno.errors.NotFound);
    await run(path, "list.jsonl", "text", "--condition", "text");
    const lines = await linesOf(path("text"));
    assertEquals(
      lines.map(({ path, source, prompt, scale, condition, level }) => [
        ...[path, source, prompt, scale, condition, level],
      ]),
      [
        ["cats/0.png", "cats/0.png", "a cat", 3, "text", undefined],
        ["cats/none.png", "cats/none.png", "a cat", 3, "text", undefined],
        ["new/moon.png", "new/moon", "the moon over the sea", 2, "text", undefined],
      ],
    );
    await Deno.writeTextFile(path("one.jsonl"), text[0]!);
    await run(path, "one.jsonl", "image", "--condition", "image");
    assertEquals((await linesOf(path("image")))[0]!.prompt, "");
    await run(path, "one.jsonl", "both");
    const [byText, byImage, byBoth] = await Promise.all(
      ["text", "image", "both"].map((folder) => pixelsOf(path(`${folder}/cats/0.png`))),
    );
    // The noise is the same, and what it is denoised by differs.
    const differ = (a: Uint8Array, b: Uint8Array) => a.some((value, i) => value !== b[i]);
    assert(differ(byText!.data, byBoth!.data) && differ(byImage!.data, byBoth!.data));
    await assertRejects(
      () => run(path, "one.jsonl", "text"),
      TypeError,
      'condition "text" there and "image-text" asked for',
    );
  }));
