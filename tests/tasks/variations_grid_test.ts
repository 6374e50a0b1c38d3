import { assert, assertEquals, assertRejects } from "@std/assert";
import { pngSize } from "../../core/plot/png_size.ts";
import { readSafetensors, writeSafetensors } from "../../core/weights/safetensors.ts";
import { main as variations } from "../../tasks/variations.ts";
import { main } from "../../tasks/variations_grid.ts";
import {
  type Path,
  pixelsOf,
  smallOptions,
  withModel,
} from "../core/variations/variation_fixture.ts";

const COMMON = (path: Path) => ["--input-prefix", path("images"), "--cell", "64"];

Deno.test("variations-grid shows what variations has made, and generates the same", () =>
  withModel(async (path) => {
    for (const level of [0, 400]) {
      await Deno.writeTextFile(path("list.txt"), "cats/0.png\nbig dogs/2.png\n");
      await variations([
        ...["--input-list", path("list.txt"), "--noise-level", String(level)],
        ...["--output-prefix", path(`level ${level}`), ...smallOptions(path)],
      ]);
    }
    await Deno.writeTextFile(path("ratios.txt"), "cats/0.png 0.9\nbig dogs/2.png 0.1\n");
    const columns = ["--levels", "[0,400]", "--ratios", path("ratios.txt")];
    const folders = [path("level 0"), path("level 400")];
    await main([...COMMON(path), ...columns, "--output", path("made.png"), ...folders]);
    await main([
      ...[...COMMON(path), ...columns, "--output", path("new.png"), "--device", "cpu"],
      ...["--model", path("model"), "--input-list", path("list.txt"), "--threads", "1"],
      ...["--num-inference-steps", "5", "--batch-size", "4"],
    ]);
    const { width, height } = pngSize(await Deno.readFile(path("made.png")))!;
    assert(width > 3 * 64 && height > 2 * 64, `${width}x${height}`);
    const [made, fresh] = await Promise.all(
      ["made.png", "new.png"].map((name) => pixelsOf(path(name))),
    );
    assertEquals([made!.width, made!.height], [fresh!.width, fresh!.height]);
    const differences = made!.data.map((value, i) => Math.abs(value - fresh!.data[i]!));
    // A product of matrices may sum in another order where there are more rows.
    assert(differences.every((difference) => difference <= 2));
  }));

Deno.test("variations-grid takes images of each level in turn, and refuses what it cannot draw", () =>
  withModel(async (path) => {
    const keys = ["cats/0.png", "cats/1.png", "big dogs/0.png"];
    const lines = keys.map((source, i) =>
      JSON.stringify({ path: source, source, index: 0, level: i < 2 ? 0 : 100 })
    );
    await Deno.writeTextFile(path("images/manifest.jsonl"), lines.join("\n") + "\n");
    const args = [...COMMON(path), "--output", path("grid.png"), path("images")];
    await main([...args, "--count", "2", "--levels", "[0,100]"]);
    const { height } = pngSize(await Deno.readFile(path("grid.png")))!;
    assert(height > 2 * 64 && height < 3 * 64, String(height));
    await assertRejects(() => main(args), Deno.errors.AlreadyExists, "--overwrite replaces it");
    const refuse = (message: string, ...more: string[]) =>
      assertRejects(() => main([...args, "--overwrite", ...more]), TypeError, message);
    await refuse("must have variations of levels 7, found none", "--levels", "[7]");
    await refuse("it needs folders of variations, or", "--model", path("model"));
    await main([...args, "--overwrite"]);
    assertEquals((await Deno.stat(path("grid.png"))).isFile, true);
  }));

Deno.test("variations-grid leaves the cells of variations empty that are not finite, and fails in the end", () =>
  withModel(async (path) => {
    const file = path("model/vae/diffusion_pytorch_model.safetensors");
    const { tensors } = await readSafetensors(file);
    tensors.get("decoder.conv_out.bias")!.data[0] = Infinity;
    await writeSafetensors(file, tensors, { overwrite: true });
    await Deno.writeTextFile(path("list.txt"), "cats/0.png\n");
    const error = await assertRejects(() =>
      main([
        ...[...COMMON(path), "--levels", "[0,400]", "--output", path("grid.png")],
        ...["--model", path("model"), "--input-list", path("list.txt"), "--threads", "1"],
        ...["--num-inference-steps", "2", "--device", "cpu"],
      ]), Error);
    assertEquals(
      error.message,
      "Cannot generate 2 variations, whose cells are empty: the lines above name them and why",
    );
    assertEquals((await Deno.stat(path("grid.png"))).isFile, true);
  }));
