import { assert, assertEquals } from "@std/assert";
import { openImageFolder, uniqueIndices } from "../../../core/data/mod.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import {
  analyze,
  extractMissing,
  genviewThreshold,
  quantileThreshold,
} from "../../../core/masking/mod.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { tinyClipNetwork } from "./tiny_clip_network.ts";

Deno.test("analyze() turns the component by the border, and --flip turns it round", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    const network = await tinyClipNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const own = { folder: path("out"), device: CPU, threads: 1 };
    const all = uniqueIndices(dataset);
    await extractMissing(network, dataset, all, { ...own, dtype: "float16", batchSize: 4 });
    const keys = all.map((index) => dataset.sample(index).key);
    const found = await analyze(network, keys, { ...own, rule: { kind: "quantile", share: 0.4 } });
    assertEquals(found.scores.shape, [6, 16]);
    assertEquals(found.orientation.decidedBy, "border");
    const ring = [5, 6, 9, 10];
    let [inside, border] = [0, 0];
    found.scores.data.forEach((score, i) => {
      if (ring.includes(i % 16)) inside += score / (6 * 4);
      else border += score / (6 * 12);
    });
    assert(inside > border, `inside ${inside}, border ${border}`);
    assertEquals(found.threshold, quantileThreshold(found.scores.data, 0.4));

    const flipped = await analyze(network, keys, { ...own, rule: { kind: "genview" }, flip: true });
    const { coordinates } = found.component;
    assertEquals(flipped.component.coordinates, coordinates.map((x) => -x));
    assertEquals(flipped.scores.data, found.scores.data.map((x) => -x));
    assertEquals(flipped.threshold, genviewThreshold(flipped.scores.data));
    const given = await analyze(network, keys, { ...own, rule: { kind: "given", value: 0.1 } });
    assertEquals(given.threshold, Math.fround(0.1));
  }));
