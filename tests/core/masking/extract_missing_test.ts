import { assert, assertEquals } from "@std/assert";
import { openImageFolder, uniqueIndices } from "../../../core/data/mod.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import {
  type ExtractionEvent,
  extractMissing,
  type ExtractMissingOptions,
  FeatureFiles,
} from "../../../core/masking/mod.ts";
import { readNpy } from "../../../core/weights/npy.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { tinyClipNetwork } from "./tiny_clip_network.ts";

function options(folder: string): ExtractMissingOptions & { readonly events: ExtractionEvent[] } {
  const events: ExtractionEvent[] = [];
  return {
    ...{ folder, dtype: "float16", batchSize: 4, device: CPU, threads: 1, events },
    report: (event) => events.push(event),
  };
}

Deno.test("extractMissing() skips what is there, leaves no two images in one file, and warns of unreadable ones", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await Deno.writeTextFile(path("images/cats/broken.png"), "no picture");
    const network = await tinyClipNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const own = options(path("out"));
    const all = uniqueIndices(dataset);
    assert((await extractMissing(network, dataset, all, own)).finished);
    const files = new FeatureFiles(path("out"));
    const [cat, dog] = [files.path("cats/0.png"), files.path("big dogs/0.png")];
    const first = await readNpy(cat);
    assertEquals([first.dtype, first.shape], ["float16", [16, 80]]);
    assert(String((await readNpy(dog)).data) !== String(first.data));
    assert(!await files.has("cats/broken.png"));

    const before = (await Deno.stat(dog)).mtime;
    await Deno.remove(cat);
    const again = options(path("out"));
    assert((await extractMissing(network, dataset, all, again)).finished);
    assertEquals(again.events[0], { kind: "present", images: 5, total: 7 });
    assertEquals((await Deno.stat(dog)).mtime, before);
    assertEquals(await readNpy(cat), first);
  }));

Deno.test("extractMissing() stops when it is interrupted, and goes on to the same features", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    const network = await tinyClipNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const all = uniqueIndices(dataset);
    const stopped = { ...options(path("out")), batchSize: 2, signal: AbortSignal.abort() };
    assertEquals((await extractMissing(network, dataset, all, stopped)).finished, false);
    const files = new FeatureFiles(path("out"));
    const there = await Promise.all(all.map((i) => files.has(dataset.sample(i).key)));
    assertEquals(there.filter(Boolean).length, 2);
    assert((await extractMissing(network, dataset, all, options(path("out")))).finished);
    await extractMissing(network, dataset, all, options(path("whole")));
    for (const index of all) {
      const { key } = dataset.sample(index);
      const whole = await readNpy(new FeatureFiles(path("whole")).path(key));
      assertEquals(await readNpy(files.path(key)), whole);
    }
  }));

Deno.test("extractMissing() reports a name that the file system does not take, and goes on", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    const long = `cats/${"x".repeat(248)}.png`;
    await Deno.copyFile(path("images/cats/0.png"), path(`images/${long}`));
    const network = await tinyClipNetwork(path("tower.safetensors"));
    const dataset = await openImageFolder(path("images"));
    const own = options(path("out"));
    const result = await extractMissing(network, dataset, uniqueIndices(dataset), own);
    assertEquals(result, { finished: true, refused: [long] });
    const warnings = own.events.filter(({ kind }) => kind === "warning");
    assertEquals(warnings.length, 1);
    assert(await new FeatureFiles(path("out")).has("cats/2.png"));
  }));
