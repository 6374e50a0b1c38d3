import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import type { Tensor } from "../../core/engine/graph/tensor.ts";
import { ifThere } from "../../core/files/if_there.ts";
import { readNpy } from "../../core/weights/npy.ts";
import { main } from "../../tasks/extract_features.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { lastOfEach } from "./last_of_each.ts";
import { drawPictures } from "./square_pictures.ts";
import { exportTinyBackbone } from "../core/encoders/tiny_backbone.ts";

/** Files below a folder in the order of their paths. */
async function filesBelow(folder: string, prefix = ""): Promise<Map<string, Uint8Array>> {
  const found: [string, Uint8Array][] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    const path = join(prefix, name);
    if (isDirectory) found.push(...await filesBelow(folder, path));
    else found.push([path, await Deno.readFile(join(folder, path))]);
  }
  return new Map(found.sort(([a], [b]) => a < b ? -1 : 1));
}

/** Removes the features of one image. */
async function removeOneOf(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".npy")) return await Deno.remove(join(folder, name));
  }
}

async function run(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-ffi", "--allow-env"],
      ...["--allow-sys", "tasks/extract_features.ts", ...lastOfEach(args)],
    ],
    cwd: new URL("../../", import.meta.url).pathname,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("extract-features by an exported backbone leaves all outputs, and never replaces them unasked", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const args = [
      ...[
        "--input-list",
        path("images"),
        "--model",
        path("mine.safetensors"),
        "--num-extract",
        "5",
      ],
      ...["--num-vis", "2", "--output-dir", path("out"), "--device", "cpu", "--threads", "1"],
    ];
    const { code, out, err } = await run(...args);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "of the tokens of 5 images are foreground");
    const folder = path("out/mine");
    const vector = await readNpy(join(folder, "eigenvectors/pca_vectors.npy"));
    const mean = await readNpy(join(folder, "eigenvectors/mean_vectors.npy"));
    assertEquals([vector.dtype, vector.shape, mean.shape], ["float32", [192, 1], [192]]);
    const said = JSON.parse(await Deno.readTextFile(join(folder, "threshold.json")));
    assertEquals([said.images, said.grid, said.rule], [5, [4, 4], {
      kind: "quantile",
      share: 0.4,
    }]);
    assertEquals(said.foregroundShare, 0.4);
    const pictures: string[] = [];
    for (const place of ["masks", "maps", "original_images"]) {
      for await (const { name } of Deno.readDir(join(folder, place))) {
        for await (const file of Deno.readDir(join(folder, place, name))) {
          pictures.push(`${place}/${file.name.replace(/^\d/, "")}`);
        }
      }
    }
    assertEquals(pictures.toSorted(), [
      ...Array(2).fill("maps/.png.background.png"),
      ...Array(2).fill("maps/.png.foreground.png"),
      ...Array(2).fill("masks/.png.png"),
      ...Array(2).fill("original_images/.png.png"),
    ]);
    for (const name of ["overview.png", "pca_histograms.png"]) {
      assert((await Deno.stat(join(folder, name))).size > 1000);
    }

    const refused = await run(...args, "--flip");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "pca_vectors.npy exists and belongs to another analysis");
    // Other weights of the same name must not be mixed with these.
    await Deno.mkdir(path("other"));
    await Deno.copyFile(path("mine.safetensors"), path("other/mine.safetensors"));
    const mixed = await run(...args, "--overwrite", "--model", path("other/mine.safetensors"));
    assertEquals(mixed.code, 1);
    assertStringIncludes(mixed.err, "must be of the same network and images, found weights");
    const replaced = await run(...args, "--overwrite", "--flip", "--fg-thre", "-0.25");
    assertEquals(replaced.code, 0, replaced.err);
    assertStringIncludes(replaced.err, "5 of 5 images have features already");
    const turned: Tensor = await readNpy(join(folder, "eigenvectors/pca_vectors.npy"));
    assertEquals(turned.data, (vector.data as Float32Array).map((x) => -x));
    const after = JSON.parse(await Deno.readTextFile(join(folder, "threshold.json")));
    assertEquals([after.threshold, after.orientation.flipped], [-0.25, true]);
  }));

Deno.test("extract-features says what is wrong before it writes anything", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const model = ["--model", path("mine.safetensors"), "--output-dir", path("out")];
    const images = ["--input-list", path("images")];
    const cases: [string[], string][] = [
      [[...images, "--model", "ViT-Q-14"], 'Cannot build CLIP model "ViT-Q-14"'],
      [[...images, ...model, "--num-extract", "0"], "--num-extract must be -1 or at least 1"],
      [[...images, ...model, "--fg-thre", "much"], "--fg-thre"],
      [[...images, ...model, "--patch-size", "14"], "--patch-size must be 16"],
      [["--input-list", path("none"), ...model], "found nothing of this name"],
      [[...images, ...model, "--backbone", "resnet18"], "its tensors must be those of resnet18"],
    ];
    for (const [args, message] of cases) {
      await assertRejects(() => main([...args, "--device", "cpu"]), Error, message);
    }
    await assertRejects(() => Deno.stat(path("out")), Deno.errors.NotFound);
  }));

Deno.test("extract-features goes on and ends when it was killed at any point, its last write included", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const args = [
      ...["--input-list", path("images"), "--model", path("mine.safetensors"), "--device", "cpu"],
      ...["--num-extract", "4", "--num-vis", "1", "--threads", "1", "--output-dir", path("out")],
    ];
    await main(args);
    const folder = path("out/mine");
    const whole = await filesBelow(folder);
    // Undone from the last write backwards, all states that a kill can leave are passed.
    const order = ["threshold.json", "pca_histograms.png", "eigenvectors", "overview.png"];
    for (const name of ["", ...order, "maps", "masks", "original_images", "features"]) {
      if (name !== "") await Deno.remove(join(folder, name), { recursive: true });
      const state = await filesBelow(folder);
      // Half of a file, as a kill leaves it.
      for (const half of ["", "eigenvectors", "masks/cats", "features/cats"]) {
        const there = await ifThere(Deno.stat(join(folder, half)));
        if (there === undefined || name === "") continue;
        await Deno.writeTextFile(join(folder, half, ".genview-0123abcd.tmp"), "half");
        if (half === "features/cats") await removeOneOf(join(folder, half));
      }
      await main(args);
      assertEquals(await filesBelow(folder), whole, `without ${name}`);
      await Deno.remove(folder, { recursive: true });
      for (const [file, bytes] of state) {
        await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
        await Deno.writeFile(join(folder, file), bytes);
      }
    }
  }));

Deno.test("extract-features --num-vis shows images of all classes, and of a list without labels from all over it", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const lines = ["cats/0.png", "cats/1.png", "cats/2.png", "big dogs/0.png", "big dogs/1.png"];
    await Deno.writeTextFile(path("images/list.txt"), lines.join("\n"));
    const shown = async (input: string, output: string) => {
      await main([
        ...["--input-list", input, "--model", path("mine.safetensors"), "--device", "cpu"],
        ...["--num-vis", "2", "--threads", "1", "--output-dir", path(output)],
      ]);
      return [...(await filesBelow(path(`${output}/mine/masks`))).keys()];
    };
    assertEquals(await shown(path("images"), "a"), ["big dogs/1.png.png", "cats/1.png.png"]);
    assertEquals(await shown(path("images/list.txt"), "b"), [
      "big dogs/0.png.png",
      "cats/1.png.png",
    ]);
  }));

Deno.test("extract-features ends with 1 where the features of an image have a name that is too long", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await exportTinyBackbone(path("mine.safetensors"));
    const long = `${"x".repeat(248)}.png`;
    await Deno.copyFile(path("images/cats/0.png"), path(`images/cats/${long}`));
    const { code, out, err } = await run(
      ...["--input-list", path("images"), "--model", path("mine.safetensors"), "--device", "cpu"],
      ...["--num-extract", "-1", "--output-dir", path("out")],
    );
    assertEquals(code, 1);
    assertStringIncludes(err, "its name is longer than the file system allows");
    assertStringIncludes(out, "features of 6 images");
  }));
