import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openTrainingData } from "../../../../core/data/open_data.ts";
import { viewLoader } from "../../../../core/data/loader/view_loader.ts";
import { Photometry } from "../../../../core/data/photometry/mod.ts";
import { viewRecipes } from "../../../../core/data/views/named_views.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { configuredVariations } from "../../../../core/train/run/generated_views.ts";
import { readDescription } from "../../../../core/train/mod.ts";
import type {
  MapAnswer,
  NeighboursAnswer,
  PairsAnswer,
  ViewsAnswer,
} from "../../../../core/studio/api/pictures.ts";
import { inFolder } from "../../../in_folder.ts";
import {
  drawPhotos,
  EACH,
  openPictures,
  SIZE,
  trainTiny,
  writeEncoder,
} from "./picture_fixture.ts";

Deno.test("pictures of a run", (test) =>
  inFolder(async (folder) => {
    const [data, variations, run] = ["photos", "generated", "runs/tiny"].map((name) =>
      join(folder, name)
    ) as [string, string, string];
    await drawPhotos(data);
    await drawPhotos(variations, 100);
    const { model, component } = await writeEncoder(folder);
    await trainTiny(run, data, {
      ...{ variations, variationProbability: 0.5, vis: 3 },
      ...{ qualityEncoder: model, qualityComponent: component, qualityImageSize: SIZE },
    });
    using studio = await openPictures(folder);

    await test.step("views are those that the network gets, however many are asked for", async () => {
      const { epoch, samples } = await studio.get<ViewsAnswer>("/api/views?run=runs/tiny&count=3");
      assertEquals([epoch, samples.length], [1, 3]);
      const { configuration } = await readDescription(run);
      const dataset = await openTrainingData(configuration);
      const recipes = viewRecipes(configuration);
      const { batchSize, seed } = configuration;
      const loader = viewLoader(dataset, recipes, {
        ...{ batchSize, seed, epoch },
        variations: configuredVariations(configuration, recipes),
      });
      for await (const { indices, views, variationOfView } of loader) {
        assertEquals(
          samples.map(({ key }) => key),
          indices.slice(0, 3).map((index) => dataset.sample(index).key),
        );
        for (const [view, recipe] of recipes.entries()) {
          using photometry = await Photometry.create({ recipe, batchSize, device: CPU });
          const { data: expected } = await photometry.pictures(views[view]!);
          for (const [i, sample] of samples.entries()) {
            const shown = await studio.pixels(sample.views[view]!);
            const length = 3 * SIZE ** 2;
            assertEquals(shown.data, expected.slice(i * length, (i + 1) * length));
            const isGenerated = variationOfView.data[i * recipes.length + view]! >= 0;
            assertEquals(sample.variations[view] !== null, isGenerated);
          }
        }
        break;
      }
      assert(samples.every(({ generated, variations }) => generated === variations.some(Boolean)));
      const original = await studio.pixels(samples[0]!.original);
      assertEquals([original.width, original.height], [40, 36]);
      assertEquals((await studio.ask("/api/views?run=runs/tiny&epoch=2")).status, 400);
    });

    await test.step("pairs are those that were recorded, and the same when judged anew", async () => {
      const path = "/api/pairs?run=runs/tiny&count=3";
      const recorded = await studio.get<PairsAnswer>(path);
      assertEquals([recorded.epoch, recorded.pairs.length], [1, 3]);
      const { samples } = await studio.get<ViewsAnswer>("/api/views?run=runs/tiny&count=4");
      const known = await Promise.all(
        samples.map(async ({ views }) => (await studio.pixels(views[0]!)).data.toBase64()),
      );
      for (const { views, maps } of recorded.pairs) {
        const { width, height, data } = await studio.pixels(views[0]);
        assertEquals(width, height);
        // Each pixel is a square of pixels there.
        const scale = width / SIZE;
        const small = Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, i) => {
          const [x, y] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)];
          return data[3 * (y * scale * width + x * scale) + i % 3]!;
        });
        assert(known.includes(small.toBase64()));
        assertEquals((await studio.pixels(maps[1])).width, width);
      }
      const weights = recorded.pairs.map(({ weight }) => weight);
      assertEquals(weights, weights.toSorted((a, b) => b - a));
      await Deno.remove(join(run, "pairs/epoch-1.json"));
      const judged = await studio.get<PairsAnswer>(`${path}&epoch=1`);
      for (const [i, pair] of judged.pairs.entries()) {
        const before = recorded.pairs[i]!;
        for (const name of ["foreground", "background", "weight"] as const) {
          assertAlmostEquals(pair[name], before[name], 1e-5);
        }
        const [now, then] = [pair, before].map(({ views }) => studio.pixels(views[1]));
        assertEquals((await now!).data, (await then!).data);
      }
    });

    await test.step("neighbours are found before training and by a checkpoint", async () => {
      const path = "/api/neighbours?run=runs/tiny";
      const { queries } = await studio.get<NeighboursAnswer>(`${path}&count=4`);
      assertEquals(queries.length, 4);
      for (const { query, before, after } of queries) {
        for (const found of [before, after]) {
          assertEquals(found.length, 8);
          assert(found.every(({ key }) => key !== query.key));
          const similarities = found.map(({ similarity }) => similarity);
          assertEquals(similarities, similarities.toSorted((a, b) => b - a));
        }
        assertEquals(query.label, query.key.split("/")[0]);
        assertEquals((await studio.pixels(before[0]!.picture)).width, 40);
      }
      assert(queries.some(({ before, after }) => before[0]!.similarity !== after[0]!.similarity));
      assertEquals((await studio.ask(`${path}&checkpoint=step-000000001`)).status, 404);
    });

    await test.step("a map has a layout for each network, in one square, and is kept", async () => {
      const path = "/api/map?run=runs/tiny";
      const first = await studio.get<MapAnswer>(path);
      assertEquals(
        first.checkpoints.map(({ name, epoch }) => [name, epoch]),
        [["initial weights", 0], ["step-000000003", 1], ["step-000000006", 2]],
      );
      assertEquals(first.images.length, 2 * EACH);
      assertEquals(first.points.map(({ length }) => length), [2 * EACH, 2 * EACH, 2 * EACH]);
      const coordinates = first.points.flat(2);
      assertEquals([Math.min(...coordinates), Math.max(...coordinates)], [0, 1]);
      const { tile, columns, picture } = first.sheet;
      assertEquals((await studio.pixels(picture)).width, tile * columns);
      assertEquals(await studio.get<MapAnswer>(path), first);
      // What is damaged is made anew, and the same.
      const cache = join(folder, ".genview-studio/cache");
      for (const { name } of Deno.readDirSync(cache)) {
        const bytes = await Deno.readFile(join(cache, name));
        bytes[bytes.length - 1]! ^= 1;
        await Deno.writeFile(join(cache, name), bytes);
      }
      using anew = await openPictures(folder);
      assertEquals((await anew.get<MapAnswer>(path)).points, first.points);
    });
  }));
