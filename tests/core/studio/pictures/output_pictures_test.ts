import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openImageFolder } from "../../../../core/data/mod.ts";
import { extractFeatures, foregroundMask } from "../../../../core/masking/mod.ts";
import { computeRatios } from "../../../../core/noise/mod.ts";
import type { MasksAnswer, VariationsAnswer } from "../../../../core/studio/api/pictures.ts";
import { boundsOf } from "../../../../core/studio/pictures/masks.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { inFolder } from "../../../in_folder.ts";
import { drawPhotos, EACH, openPictures, writeEncoder } from "./picture_fixture.ts";

/** What a pipeline leaves up to its variations, of which a hand has made two of each of four photos. */
async function writeOutput(folder: string): Promise<void> {
  const { model } = await writeEncoder(folder);
  const [photos, output] = [join(folder, "photos"), join(folder, "out")];
  await drawPhotos(photos);
  const images = await openImageFolder(photos);
  const network = { model, imageSize: 64 };
  const { folder: inputDir } = await extractFeatures({
    ...{ network, images, outputDir: join(output, "features/masks"), numExtract: 2 * EACH },
    numVis: 2,
  });
  await computeRatios({ images, inputDir, outputDir: join(output, "ratios"), from: "features" });
  await drawPhotos(join(output, "variations/100"), 50);
  await drawPhotos(join(output, "variations/200"), 70);
  const lines = [0, 1].flatMap((i) =>
    ["cats", "dogs"].flatMap((name) =>
      [200, 100].map((level) => ({
        ...{ path: `${level}/${name}/${i}.png`, source: `${name}/${i}.png`, index: 0, level },
      }))
    )
  );
  await Deno.writeTextFile(
    join(output, "variations/manifest.jsonl"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  await Deno.writeTextFile(
    join(output, "pipeline.json"),
    JSON.stringify({
      version: 1,
      stages: {
        levels: { settings: { ranges: [0, 0.3, 0.6], levels: [50, 150, 250] }, finished: true },
      },
    }),
  );
}

Deno.test("pictures of a pipeline's output", (test) =>
  inFolder(async (folder) => {
    await writeOutput(folder);
    using studio = await openPictures(folder);

    await test.step("masks follow from scores and a threshold", async () => {
      const answer = await studio.get<MasksAnswer>("/api/masks?output=out&count=4");
      const { threshold, images, shares, sampled, bounds, levels } = answer;
      assertEquals([sampled, images.length, shares.length], [2 * EACH, 4, 101]);
      // The threshold was chosen to leave 40 % of the tokens, as near as so few allow.
      const above = shares.find((point) => point.threshold >= threshold)!;
      assertAlmostEquals(above.share, 0.4, 0.05);
      assertEquals([shares[0]!.share < 1, shares.at(-1)!.share], [true, 0]);
      assertEquals([bounds, levels], [[0.3, 0.6, 1], [50, 150, 250]]);
      const ratios = new Map(
        (await Deno.readTextFile(join(folder, "out/ratios/fg_ratios.txt"))).trim().split("\n")
          .map((line) => line.split(" ") as [string, string]),
      );
      for (const { key, label, grid, scores, picture } of images) {
        assertEquals(grid, [4, 4]);
        assertEquals(label, key.split("/")[0]);
        const mask = foregroundMask(float32([1, 16], Float32Array.from(scores)), threshold).data;
        const ratio = mask.reduce((sum, value) => sum + value, 0) / 16;
        assertEquals(ratio, Number(ratios.get(key)), key);
        const { width, height } = await studio.pixels(picture);
        assertEquals([width, height], [64, 64]);
      }
      // The folder of the network alone is as good, with the usual levels.
      const own = await studio.get<MasksAnswer>(
        "/api/masks?output=out/features/masks/tokens&count=4",
      );
      assertEquals(own.images.map(({ scores }) => scores), images.map(({ scores }) => scores));
      assertEquals(own.levels, [0, 100, 200, 300, 400]);
    });

    await test.step("variations stand beside their originals, by level", async () => {
      const { images } = await studio.get<VariationsAnswer>("/api/variations?output=out&count=3");
      assertEquals(images.length, 3);
      for (const { original, ratio, variations } of images) {
        assert(ratio !== undefined && ratio >= 0 && ratio <= 1);
        assertEquals(variations.map(({ level }) => level), [100, 200]);
        const shown = await Promise.all(
          [original.picture, ...variations.map(({ picture }) => picture)].map(studio.pixels),
        );
        assertEquals(shown.map(({ width }) => width), [40, 40, 40]);
        assertEquals(new Set(shown.map(({ data }) => data.toBase64())).size, 3);
      }
      await Deno.remove(join(folder, "photos/cats"), { recursive: true });
      const gone = images.find(({ original: { label } }) => label === "cats")!;
      const { status, json } = await studio.ask(gone.original.picture);
      assertEquals(status, 404);
      assert(JSON.stringify(json).includes("cats"));
    });

    await test.step("folders without them say so", async () => {
      for (const call of ["masks", "variations"]) {
        assertEquals((await studio.ask(`/api/${call}?output=photos`)).status, 404);
        assertEquals((await studio.ask(`/api/${call}?output=none`)).status, 404);
        assertEquals((await studio.ask(`/api/${call}?output=../out`)).status, 400);
      }
    });
  }));

Deno.test("boundsOf() gives each level the ratios up to where the next begins", () => {
  assertEquals(boundsOf({ edges: [0, 0.5], levels: [10, 20] }), {
    bounds: [0.5, 1],
    levels: [10, 20],
  });
  assertEquals(boundsOf({ edges: [-1, -0.5, 0.5, 2, 3], levels: [1, 2, 3, 4, 5] }), {
    bounds: [0.5, 1],
    levels: [2, 3],
  });
  assertEquals(boundsOf({ edges: [0.2], levels: [7] }), { bounds: [1], levels: [7] });
});
