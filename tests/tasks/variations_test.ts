import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sharp } from "../../core/deps/sharp.ts";
import { openImageFolder, openVariationFolder, withVariations } from "../../core/data/mod.ts";
import { readSafetensors, writeSafetensors } from "../../core/weights/safetensors.ts";
import { main } from "../../tasks/variations.ts";
import {
  bytesOf,
  linesOf,
  type Path,
  pixelsOf,
  runTaskProcess,
  smallOptions,
  withModel,
} from "../core/variations/variation_fixture.ts";
import { lastOfEach } from "./last_of_each.ts";

const LINES = "cats/0.png 0\nbig dogs/1.png 100\ncats/none.png 100\nbig dogs/2.png 400\n";
const NAMES = ["cats/0.png", "big dogs/1.png", "big dogs/2.png"];

/** Runs the task over `list.txt`. */
async function run(path: Path, output: string, ...more: string[]): Promise<void> {
  const list = more.includes("--input-list") ? [] : ["--input-list", path("list.txt")];
  const args = [...list, ...smallOptions(path), "--output-prefix", path(output), ...more];
  await main(lastOfEach(args));
}

async function changeTimes(folder: string, names: readonly string[]) {
  const files = await Promise.all(names.map((name) => Deno.stat(`${folder}/${name}`)));
  return files.map(({ mtime }) => mtime);
}

Deno.test("variations mirror the images' tree, are noted, and go on where they were stopped", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), LINES);
    await run(path, "out", "--batch-size", "2");
    const lines = await linesOf(path("out"));
    assertEquals(lines.map(({ path, level }) => [path, level]), [
      ["big dogs/1.png", 100],
      ["big dogs/2.png", 400],
      ["cats/0.png", 0],
    ]);
    const { model, ...line } = lines[0]!;
    assertStringIncludes(model, "sha256:");
    assertEquals(line, {
      ...{ path: "big dogs/1.png", source: "big dogs/1.png", index: 0, level: 100, seed: 0 },
      ...{ precision: "float32", scheduler: "dpm-solver++", steps: 5, scale: 3, prompt: "" },
      ...{ negativePrompt: "", imagesPerPrompt: 1, size: 0, format: "source", quality: 75 },
    });
    const { width, height } = await pixelsOf(path("out/cats/0.png"));
    assertEquals([width, height], [128, 128]);
    const bytes = await bytesOf(path("out"), NAMES);
    const times = await changeTimes(path("out"), NAMES);

    // Killed while a line was written, whose file is in place: the line is written, nothing is generated.
    const whole = await Deno.readTextFile(path("out/manifest.jsonl"));
    await Deno.writeTextFile(path("out/manifest.jsonl"), whole.slice(0, -40));
    await run(path, "out", "--batch-size", "2");
    assertEquals(await linesOf(path("out")), lines);
    assertEquals(await changeTimes(path("out"), NAMES), times);

    // A file that is gone is generated again, by itself, and has its line already.
    await Deno.remove(path("out/big dogs/2.png"));
    await run(path, "out", "--batch-size", "2");
    assertEquals(await linesOf(path("out")), lines);
    const again = await Promise.all(NAMES.map((name) => pixelsOf(path(`out/${name}`))));
    assertEquals(again[0]!.data.length, 3 * 128 ** 2);
    assertEquals((await bytesOf(path("out"), NAMES)).slice(0, 2), bytes.slice(0, 2));
    await run(path, "again", "--batch-size", "2");
    assertEquals(await bytesOf(path("again"), NAMES), bytes);
  }));

Deno.test("variations are the same in any batch and shard, and differ by seed", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), LINES.replace("cats/none.png 100\n", ""));
    await run(path, "one", "--batch-size", "1");
    const one = await bytesOf(path("one"), NAMES);
    for (const index of [0, 1]) {
      await run(path, "shards", "--batch-size", "1", "--shard", `${index}/2`);
    }
    assertEquals(await bytesOf(path("shards"), NAMES), one);
    assertEquals(await linesOf(path("shards")), await linesOf(path("one")));
    await run(path, "three", "--batch-size", "3");
    await run(path, "other", "--batch-size", "1", "--seed", "1");
    for (const name of NAMES) {
      const [a, b, other] = await Promise.all(
        ["one", "three", "other"].map((folder) => pixelsOf(path(`${folder}/${name}`))),
      );
      const differences = (pixels: Uint8Array) =>
        pixels.map((value, i) => Math.abs(value - a!.data[i]!));
      // A product of matrices may sum in another order where there are more rows.
      assert(differences(b!.data).every((difference) => difference <= 1));
      assert(differences(other!.data).some((difference) => difference > 50));
    }
  }));

Deno.test("variations of all lists, several of each image, are found by the data set", () =>
  withModel(async (path) => {
    await Deno.mkdir(path("ratios"));
    await Deno.writeTextFile(path("ratios/fg_ratios.txt"), "cats/0.png 0.1\n");
    await Deno.writeTextFile(path("ratios/fg_ratios_0.txt"), `${path("images")}/cats/0.png 0\n`);
    await Deno.writeTextFile(path("ratios/fg_ratios_300.txt"), "big dogs/1.png 300\ncats/2.png\n");
    await run(
      path,
      "out",
      ...["--auto", "--input-list", path("ratios"), "--num-images-per-prompt", "2"],
      ...["--format", "jpeg", "--quality", "90", "--compat", "genview", "--size", "48"],
      ...["--scale", "1", "--scheduler", "ddim"],
    );
    const lines = await linesOf(path("out"));
    assertEquals(lines.map(({ path, level }) => [path, level]), [
      ["big dogs/1/0.jpg", 300],
      ["big dogs/1/1.jpg", 300],
      ["cats/0/0.jpg", 0],
      ["cats/0/1.jpg", 0],
      ["cats/2/0.jpg", 300],
      ["cats/2/1.jpg", 300],
    ]);
    assertEquals(lines[0]!.prompt, "Your custom text prompt here");
    assertEquals([lines[0]!.scheduler, lines[0]!.scale], ["ddim", 1]);
    const { format, width, height, chromaSubsampling } = await sharp(path("out/cats/0/1.jpg"))
      .metadata();
    assertEquals([format, width, height, chromaSubsampling], ["jpeg", 48, 48, "4:2:0"]);
    const [first, second] = await bytesOf(path("out"), ["cats/0/0.jpg", "cats/0/1.jpg"]);
    assert(first!.length !== second!.length || first!.some((byte, i) => byte !== second![i]));
    const dataset = withVariations(
      await openImageFolder(path("images")),
      await openVariationFolder(path("out")),
    );
    assertEquals(dataset.coverage, { matched: 3, total: 6, samplesByCount: [3, 0, 3] });
  }));

Deno.test("variations refuse other settings, levels and files, and begin anew by --overwrite", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 100\n");
    await Deno.mkdir(path("out/cats"), { recursive: true });
    await Deno.copyFile(path("images/cats/0.png"), path("out/cats/0.png"));
    await assertRejects(
      () => run(path, "out"),
      Deno.errors.AlreadyExists,
      "found a file that no manifest has",
    );
    const left = await Array.fromAsync(Deno.readDir(path("out")));
    assertEquals(left.map(({ name }) => name), ["cats"]);
    await run(path, "out", "--overwrite");
    const before = await Deno.readFile(path("out/cats/0.png"));
    for (const [option, found] of [["--seed", "seed 0 there and 1"], ["--size", "size 0 there"]]) {
      await assertRejects(() => run(path, "out", option!, "1"), TypeError, found);
    }
    await assertRejects(() => run(path, "out", "--no-resume"), Deno.errors.AlreadyExists);
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 200\n");
    await assertRejects(
      () => run(path, "out"),
      TypeError,
      "found cats/0.png at level 100 and 200 asked for",
    );
    await assertRejects(
      () => run(path, "out", "--overwrite", "--shard", "0/2"),
      TypeError,
      "Cannot begin anew",
    );
    assertEquals(await Deno.readFile(path("out/cats/0.png")), before);
    await run(path, "out", "--overwrite", "--seed", "1");
    assertEquals((await linesOf(path("out"))).map(({ level, seed }) => [level, seed]), [[200, 1]]);
    const after = await Deno.readFile(path("out/cats/0.png"));
    assert(after.length !== before.length || after.some((byte, i) => byte !== before[i]));
  }));

Deno.test("variations name what is wrong with a list before anything is written", () =>
  withModel(async (path) => {
    const refuse = async (text: string, message: string, ...more: string[]) => {
      await Deno.writeTextFile(path("list.txt"), text);
      await assertRejects(() => run(path, "out", ...more), Error, message);
    };
    await refuse(
      "a.png 1000\nb.png 0.5\n",
      "line 2: its level must be a whole number in [0, 1000)",
    );
    await refuse("a.png 100\n", "line 1: its level must be 0, found 100", "--noise-level", "0");
    await refuse("a.png 100\na.png 200\n", "found 200 and 100 (");
    await refuse("../a.png 100\n", "Cannot mirror ../a.png (");
    await refuse("a.png 0\na.jpg 0\n", "found a.jpg for a.png", "--format", "jpeg");
    await refuse("\n", "must name images, found none");
    await refuse("a.png\n", "--noise-level must be <= 999", "--noise-level", "1000");
    await refuse("a.png\n", "must be left out", "--compat", "genview", "--prompt", "a cat");
    await refuse("a.png\n", 'found "2/2"', "--shard", "2/2");
    await assertRejects(
      () => run(path, "out", "--auto", "--input-list", path("images")),
      TypeError,
      "must hold fg_ratios_LEVEL.txt",
    );
    await refuse("photos/a.png 0\n", "none of the list's 1 image is there");
    await assertRejects(() => Deno.stat(path("out")), Deno.errors.NotFound);
  }));

Deno.test("variations find a model that weights pull has brought, by its name", () =>
  withModel(async (path) => {
    const repository = path("hub/models--sd2-community--stable-diffusion-2-1-unclip");
    const commit = "0123456789".repeat(4);
    await Deno.mkdir(`${repository}/refs`, { recursive: true });
    await Deno.writeTextFile(`${repository}/refs/main`, commit);
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 100\n");
    const before = Deno.env.get("HF_HUB_CACHE");
    Deno.env.set("HF_HUB_CACHE", path("hub"));
    try {
      const named = ["--model", "stable-unclip-2-1"];
      await assertRejects(
        () => run(path, "out", ...named),
        TypeError,
        'run "deno task weights pull stable-unclip-2-1"',
      );
      await Deno.mkdir(`${repository}/snapshots`);
      await Deno.rename(path("model"), `${repository}/snapshots/${commit}`);
      await run(path, "out", ...named);
      assertEquals((await linesOf(path("out"))).length, 1);
    } finally {
      if (before === undefined) Deno.env.delete("HF_HUB_CACHE");
      else Deno.env.set("HF_HUB_CACHE", before);
    }
  }));

Deno.test("variations that are not finite are named with their network, counted and not saved", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 0\ncats/1.png 100\n");
    const file = path("model/unet/diffusion_pytorch_model.safetensors");
    const { tensors } = await readSafetensors(file);
    tensors.get("conv_out.bias")!.data[0] = NaN;
    await writeSafetensors(file, tensors, { overwrite: true });
    const { code, text } = await runTaskProcess([
      ...["--input-list", path("list.txt"), "--output-prefix", path("out"), ...smallOptions(path)],
    ]);
    assertEquals(code, 1, text);
    for (const name of ["cats/0.png", "cats/1.png"]) {
      assertStringIncludes(
        text,
        `Cannot generate ${name}: the output of the UNet must be finite, found NaN`,
      );
    }
    assertStringIncludes(text, "made 0 of 2 variations, 0 were there already, 2 failed");
    const left = await Array.fromAsync(Deno.readDir(path("out")));
    assertEquals(left.map(({ name }) => name).sort(), ["manifest.jsonl", "variations.json"]);
    assertEquals(await linesOf(path("out")), []);
  }));
