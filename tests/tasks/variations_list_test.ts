import { assertEquals, assertRejects } from "@std/assert";
import { openImageFolder, openVariationList, withVariations } from "../../core/data/mod.ts";
import { main } from "../../tasks/variations_list.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { drawPictures } from "./square_pictures.ts";

const PATHS = [
  ...["big dogs/0.png", "big dogs/1.png", "big dogs/2.png"],
  ...["cats/0.png", "cats/1.png", "cats/2.png"],
];

Deno.test("variations-list writes paths in order, which a data set finds its variations by", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await drawPictures(path("generated"));
    await Deno.writeTextFile(path("generated/notes.md"), "no image");
    await main(["--input-dir", path("generated")]);
    const list = path("generated/train_variations.txt");
    assertEquals(await Deno.readTextFile(list), PATHS.map((name) => `${name}\n`).join(""));
    const dataset = withVariations(
      await openImageFolder(path("images")),
      await openVariationList(list),
    );
    assertEquals(dataset.coverage, { matched: 6, total: 6, samplesByCount: [0, 6] });
    assertEquals(dataset.sample(0).variations!.map(({ name }) => name), [
      path("generated/big dogs/0.png"),
    ]);

    await assertRejects(
      () => main(["--input-dir", path("generated")]),
      Deno.errors.AlreadyExists,
      "--overwrite replaces it",
    );
    await Deno.remove(path("generated/cats/1.png"));
    await main([
      ...["--input-dir", path("generated"), "--relative-to", path("."), "--overwrite"],
    ]);
    assertEquals(
      await Deno.readTextFile(list),
      PATHS.filter((name) => name !== "cats/1.png").map((name) => `generated/${name}\n`).join(""),
    );
  }));

Deno.test("variations-list refuses a folder without images before it writes", () =>
  withFolder(async (path) => {
    await Deno.mkdir(path("empty"));
    await assertRejects(
      () => main(["--input-dir", path("empty")]),
      TypeError,
      "must hold images, found none",
    );
    assertEquals([...Deno.readDirSync(path("empty"))], []);
  }));
