import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset, ImageSource } from "../../../../core/data/dataset.ts";
import { datasetOf, fileSource } from "../../../../core/data/dataset_of.ts";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import {
  type ViewBatch,
  viewLoader,
  type ViewLoaderOptions,
} from "../../../../core/data/loader/view_loader.ts";
import { mocoV2View, swavLocalView } from "../../../../core/data/views/presets.ts";

const IMAGES = new URL("../../../../fixtures/images/", import.meta.url).pathname;
const RECIPES = [mocoV2View(24), mocoV2View(24), swavLocalView(12)];
const OPTIONS: ViewLoaderOptions = { batchSize: 4, seed: 5, epoch: 1 };

function dataset(names: readonly string[]): Dataset {
  return datasetOf("fixtures", names.length, (index) => ({
    key: String(index),
    source: fileSource(`${IMAGES}${names[index]}`),
    label: index,
  }));
}

const GOOD = dataset([
  "photo.jpg",
  "portrait.jpg",
  "rgb.png",
  "gray.png",
  "cmyk.jpg",
  "palette.png",
  "orientation_6.jpg",
  "animated.gif",
  "rgb16.png",
  "rgb.webp",
]);

async function collect(
  source: Dataset,
  options: Partial<ViewLoaderOptions> = {},
  recipes = RECIPES,
): Promise<ViewBatch[]> {
  const batches: ViewBatch[] = [];
  for await (const batch of viewLoader(source, recipes, { ...OPTIONS, ...options })) {
    batches.push(batch);
  }
  return batches;
}

Deno.test("viewLoader() gives full batches with a tensor for each view", async () => {
  const loader = viewLoader(GOOD, RECIPES, OPTIONS);
  assertEquals(loader.length, 2);
  const batches: ViewBatch[] = [];
  for await (const batch of loader) batches.push(batch);
  assertEquals(batches.map(({ batch }) => batch), [0, 1]);
  for (const { indices, labels, views, variationOfView } of batches) {
    assertEquals([...labels.data].map(Number), [...indices]);
    assertEquals(views.map(({ images }) => images.shape), [
      [4, 24, 24, 3],
      [4, 24, 24, 3],
      [4, 12, 12, 3],
    ]);
    for (const { photometry, parameters } of views) {
      assertEquals(photometry["jitter_order"]!.shape, [4, 4]);
      assertEquals(
        [...photometry["blur_sigma"]!.data as Float32Array],
        parameters.map(({ blur }) => Math.fround(blur)),
      );
    }
    assertEquals([...variationOfView.data], new Array(12).fill(-1));
  }
  const { waitSeconds, ...counts } = loader.statistics;
  assertEquals(counts, { batches: 2, decoded: 8, skipped: 0 });
  assert(waitSeconds > 0);
});

Deno.test("viewLoader() gives the same batches with any number of workers and any prefetch", async () => {
  const expected = await collect(GOOD);
  assertEquals(await collect(GOOD, { prefetch: 0 }), expected);
  assertEquals(await collect(GOOD, { workers: 1 }), expected);
  assertEquals(await collect(GOOD, { workers: 8, prefetch: 5 }), expected);
});

Deno.test("viewLoader() begins at a later batch without reading the earlier ones", async () => {
  const expected = await collect(GOOD, { batchSize: 3 });
  const loader = viewLoader(GOOD, RECIPES, { ...OPTIONS, batchSize: 3, startBatch: 1 });
  assertEquals(loader.length, 2);
  const found: ViewBatch[] = [];
  for await (const batch of loader) found.push(batch);
  assertEquals(found, expected.slice(1));
  assertEquals(loader.statistics.decoded, 6);
});

Deno.test("viewLoader() draws anew in every epoch and for every view", async () => {
  const [first] = await collect(GOOD, { shuffle: false });
  const [second] = await collect(GOOD, { shuffle: false, epoch: 2 });
  assertEquals(first!.indices, second!.indices);
  const crop = (batch: ViewBatch, view: number) => batch.views[view]!.parameters[0]!.crop;
  assert(JSON.stringify(crop(first!, 0)) !== JSON.stringify(crop(second!, 0)));
  assert(JSON.stringify(crop(first!, 0)) !== JSON.stringify(crop(first!, 1)));
});

Deno.test("viewLoader() keeps samples that do not fill a batch if told so", async () => {
  const batches = await collect(GOOD, { dropLast: false });
  assertEquals(batches.map(({ indices }) => indices.length), [4, 4, 2]);
  const seen = batches.flatMap(({ indices }) => indices).toSorted((a, b) => a - b);
  assertEquals(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("viewLoader() replaces what it cannot read, and says so once of each image", async () => {
  const broken = dataset([
    "rgb.png",
    "truncated.jpg",
    "gray.png",
    "empty.jpg",
    "corrupt.png",
    "palette.png",
    "missing.jpg",
    "rgb.webp",
  ]);
  const warnings: string[] = [];
  const unreadable = new Map<string, string>();
  const options = { unreadable, onWarning: (message: string) => void warnings.push(message) };
  const batches = await collect(broken, options);
  assertEquals(batches.map(({ indices }) => indices.length), [4, 4]);
  for (const { indices, labels } of batches) {
    for (const index of indices) assert([0, 2, 5, 7].includes(index), `found ${index}`);
    assertEquals([...labels.data].map(Number), [...indices]);
  }
  assertEquals(warnings.length, 4);
  const text = warnings.toSorted().join("\n");
  for (const name of ["truncated.jpg", "empty.jpg", "corrupt.png", "missing.jpg"]) {
    assert(text.includes(`Skipped the image "${IMAGES}${name}": `), `no warning of ${name}`);
    assert(unreadable.has(`${IMAGES}${name}`));
  }
  assert(text.includes('missing.jpg": no such file'));

  // A later epoch knows them already, and replaces them by the same samples as one that does not.
  assertEquals(
    await collect(broken, { ...options, epoch: 2 }),
    await collect(broken, { epoch: 2 }),
  );
  assertEquals(warnings.length, 4);
  assertEquals(await collect(broken, { workers: 2 }), batches);
});

Deno.test("viewLoader() stops at what it cannot read if it is strict", async () => {
  await assertRejects(
    () => collect(dataset(["rgb.png", "truncated.jpg"]), { batchSize: 2, strict: true }),
    UnreadableImageError,
    "truncated.jpg",
  );
});

Deno.test("viewLoader() stops when nothing can be read", async () => {
  const unreadable = new Map<string, string>();
  await assertRejects(
    () => collect(dataset(["empty.jpg", "corrupt.jpg"]), { batchSize: 2, unreadable }),
    TypeError,
    'Cannot load "fixtures": most of its images must be readable, found 100 in a row that are not',
  );
});

Deno.test("viewLoader() does not take other errors for unreadable images", async () => {
  const source: ImageSource = {
    kind: "encoded",
    name: "forbidden.png",
    read: () => Promise.reject(new Deno.errors.NotCapable("no")),
  };
  const forbidden = datasetOf("forbidden", 1, () => ({ key: "0", source }));
  await assertRejects(
    () => collect(forbidden, { batchSize: 1 }),
    Deno.errors.NotCapable,
  );
});

for (const workers of [0, 2]) {
  Deno.test(`viewLoader() leaves nothing behind when the loop is left, ${workers} workers`, async () => {
    const loader = viewLoader(GOOD, RECIPES, { ...OPTIONS, batchSize: 1, workers, prefetch: 6 });
    for await (const { batch } of loader) if (batch === 1) break;
    assertEquals(loader.statistics.batches, 2);
  });
}

Deno.test("viewLoader() cuts one view from a variation", async () => {
  const varied = datasetOf("varied", 6, (index) => ({
    key: String(index),
    source: fileSource(`${IMAGES}rgb.png`),
    variations: index === 0 ? [] : [fileSource(`${IMAGES}photo.jpg`)],
  }));
  const options = { batchSize: 6, shuffle: false, variations: { views: [0, 1] } };
  const [plain] = await collect(varied, { ...options, variations: {}, epoch: 0 });
  assert([...plain!.variationOfView.data].some((variation, i) => i % 3 === 2 && variation === 0));
  const [batch] = await collect(varied, options);
  assertEquals([...batch!.variationOfView.data.subarray(0, 3)], [-1, -1, -1]);
  for (let i = 1; i < 6; i++) {
    const view = batch!.variationOfView.data.subarray(3 * i, 3 * i + 3).indexOf(0);
    assert(view === 0 || view === 1);
    // The photograph is 500 pixels wide, the other image 48: only there do such crops fit.
    batch!.views.forEach(({ parameters }, v) => {
      const { crop } = parameters[i]!;
      assertEquals(crop.left + crop.width > 48 || crop.top + crop.height > 36, v === view);
    });
  }
  assertEquals(await collect(varied, { ...options, workers: 2 }), [batch!]);
});

/** Samples whose image and variations are of one colour each: the image's is 0, those of the variations 1, 2, 3. */
function coloured(length: number, unreadable?: number): Dataset {
  const source = (level: number): ImageSource => ({
    kind: "rendered",
    name: `level ${level}`,
    render() {
      if (level === unreadable) throw new UnreadableImageError(`level ${level}`, "it is broken");
      const data = new Uint8Array(3 * 40 * 40).fill(level);
      return Promise.resolve({ width: 40, height: 40, data });
    },
  });
  return datasetOf("coloured", length, (index) => ({
    key: String(index),
    source: source(0),
    variations: [1, 2, 3].map(source),
  }));
}

/** The colour of each view of each sample, and which variation it is said to be of. */
function coloursOf(
  { views, variationOfView, indices }: ViewBatch,
): [seen: number[], told: number[]] {
  const seen = indices.flatMap((_, i) =>
    views.map(({ images: { data, shape } }) => data[i * shape[1]! * shape[2]! * 3]!)
  );
  return [seen, [...variationOfView.data].map((variation) => variation + 1)];
}

Deno.test("viewLoader() cuts several views, each from another variation, the same with any number of workers", async () => {
  const options = { batchSize: 8, variations: { count: 2 } };
  const batches = await collect(coloured(16), options);
  for (const batch of batches) {
    const [seen, told] = coloursOf(batch);
    assertEquals(seen, told);
    for (let i = 0; i < 8; i++) {
      const [image, ...others] = seen.slice(3 * i, 3 * i + 3).toSorted();
      assertEquals([image, new Set(others).size, others.includes(0)], [0, 2, false]);
    }
  }
  assertEquals(await collect(coloured(16), { ...options, startBatch: 1 }), [batches[1]!]);
});

Deno.test("viewLoader() reads no image of which no view is cut", async () => {
  const loader = viewLoader(coloured(4), RECIPES, { ...OPTIONS, variations: { count: 3 } });
  for await (const batch of loader) {
    const [seen] = coloursOf(batch);
    assertEquals(seen.includes(0), false);
  }
  assertEquals(loader.statistics.decoded, 12);
});

Deno.test("viewLoader() cuts local views from the variation of a global one where they follow it", async () => {
  const variations = { views: [0, 1], followers: [2] };
  const [batch] = await collect(coloured(8), { batchSize: 8, variations });
  const [seen, told] = coloursOf(batch!);
  assertEquals(seen, told);
  for (let i = 0; i < 8; i++) {
    const [left, right, local] = seen.slice(3 * i, 3 * i + 3);
    assertEquals(local, Math.max(left!, right!));
    assertEquals(Math.min(left!, right!), 0);
  }
});

Deno.test("viewLoader() leaves views to the image whose variation is unreadable, and keeps the others", async () => {
  const [whole] = await collect(coloured(8), { batchSize: 8, variations: { count: 2 } });
  const [torn] = await collect(coloured(8, 2), { batchSize: 8, variations: { count: 2 } });
  const without = (seen: number[]) => seen.map((level) => level === 2 ? 0 : level);
  assertEquals(coloursOf(torn!)[0], without(coloursOf(whole!)[0]));
  assertEquals(coloursOf(torn!)[0], coloursOf(torn!)[1]);
  assert(coloursOf(whole!)[0].includes(2));
});

Deno.test("viewLoader() falls back to the image where its variation is unreadable", async () => {
  const varied = datasetOf("varied", 2, (index) => ({
    key: String(index),
    source: fileSource(`${IMAGES}rgb.png`),
    variations: [fileSource(`${IMAGES}truncated.jpg`)],
  }));
  const warnings: string[] = [];
  const [batch] = await collect(varied, {
    batchSize: 2,
    variations: {},
    onWarning: (message) => void warnings.push(message),
  });
  assertEquals([...batch!.variationOfView.data], new Array(6).fill(-1));
  assertEquals([...batch!.indices].toSorted(), [0, 1]);
  assertEquals(warnings.length, 1);
});

Deno.test("viewLoader() decodes large files at a reduced scale unless told not to", async () => {
  const photos = dataset(["photo.jpg"]);
  const recipe = { ...mocoV2View(16), crop: { ...mocoV2View().crop, area: [0.9, 1] as const } };
  const [reduced] = await collect(photos, { batchSize: 1 }, [recipe]);
  const [exact] = await collect(photos, { batchSize: 1, reduce: false }, [recipe]);
  const [a, b] = [reduced!.views[0]!.images.data, exact!.views[0]!.images.data];
  const difference = a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
  assert(difference > 0 && difference < 1, `found ${difference}`);
});

Deno.test("viewLoader() cuts masks with the views where it is asked to", async () => {
  const data = new Uint8Array(3 * 40 * 40).map((_, i) => Math.floor(i / 3) % 40 < 20 ? 0 : 255);
  const mask = data.filter((_, i) => i % 3 === 0);
  const drawn = datasetOf("drawn", 2, (index) => ({
    key: String(index),
    source: {
      kind: "rendered",
      name: "halves",
      render: () => Promise.resolve({ width: 40, height: 40, data, mask }),
    },
  }));
  const [batch] = await collect(drawn, { batchSize: 2, masks: true });
  for (const { images, masks } of batch!.views) {
    assertEquals(masks!.shape, images.shape.slice(0, 3));
    assertEquals([...masks!.data], [...images.data.filter((_, i) => i % 3 === 0)]);
  }
  await assertRejects(
    () => collect(GOOD, { masks: true }),
    TypeError,
    "Cannot load masks: every sample of the data set must have one",
  );
});

Deno.test("viewLoader() rejects options that make no sense", () => {
  const load = (options: Partial<ViewLoaderOptions>, recipes = RECIPES) =>
    viewLoader(GOOD, recipes, { ...OPTIONS, ...options });
  assertThrows(
    () => load({ batchSize: 0 }),
    RangeError,
    "batchSize must be an integer of at least 1",
  );
  assertThrows(() => load({ workers: 1.5 }), RangeError, "workers must be an integer");
  assertThrows(() => load({ prefetch: -1 }), RangeError, "prefetch must be an integer");
  assertThrows(() => load({}, []), RangeError, "at least one view, found none");
  assertThrows(() => load({ shard: { index: 2, count: 2 } }), RangeError, "found 2");
  assertThrows(
    () => load({ shard: { index: 0, count: 2 }, dropLast: false }),
    RangeError,
    "dropLast must be set",
  );
  assertThrows(() => load({ variations: { views: [3] } }), RangeError, "from 0 to 2, found 3");
  assertThrows(
    () => load({}, [{ ...mocoV2View(), size: 0 }]),
    TypeError,
    "views[0].size must be >= 1, found 0",
  );
});
