import { assert, assertEquals } from "@std/assert";
import { datasetOf } from "../../../../../core/data/dataset_of.ts";
import type { AffineInterpolation } from "../../../../../core/data/geometry/transform_image.ts";
import { viewLoader } from "../../../../../core/data/loader/view_loader.ts";
import { checkViewRecipe } from "../../../../../core/data/views/check_recipe.ts";
import { IMAGENET_NORMALIZATION } from "../../../../../core/data/views/presets.ts";
import {
  RAND_AUGMENT_OPERATIONS,
  type RandAugmentName,
} from "../../../../../core/data/views/rand_augment_operations.ts";
import type { ViewRecipe } from "../../../../../core/data/views/recipe.ts";
import { noiseErasing, randAugment } from "../../../../../core/data/views/steps/mod.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";
import { readSafetensors } from "../../../../../core/weights/safetensors.ts";

const path = new URL("../../../../../fixtures/golden/rand_augment", import.meta.url).pathname;
const { tensors } = await readSafetensors(`${path}.safetensors`);
const sidecar: {
  readonly sizes: readonly number[];
  readonly draws: number;
  readonly fill: readonly number[];
  readonly magnitudes: readonly number[];
  readonly operations: readonly string[];
} = JSON.parse(await Deno.readTextFile(`${path}.json`));

const NAMES = Object.keys(RAND_AUGMENT_OPERATIONS) as RandAugmentName[];

/** timm's name of an operation. */
const timmName = (name: RandAugmentName) => sidecar.operations[NAMES.indexOf(name)]!;

Deno.test("RandAugment's operations stand in timm's order", () => {
  const known = NAMES.map((name) => name.toLowerCase());
  const found = sidecar.operations.map((name) =>
    name.replace(/Increasing$|Rel$/, "").toLowerCase()
  );
  assertEquals(found, known);
});

Deno.test("RandAugment's operations take timm's arguments of a magnitude", () => {
  for (const name of NAMES) {
    const expected = tensors.get(`arguments.${timmName(name)}`);
    const { argument } = RAND_AUGMENT_OPERATIONS[name];
    const both = sidecar.magnitudes.flatMap((magnitude) => {
      const [plus, minus] = [argument(magnitude, 1), argument(magnitude, -1)];
      return plus === minus ? [plus] : [plus, minus];
    });
    // timm's on the Pillow of today cannot keep no bits.
    const found = name === "posterize" ? both.filter((bits) => bits > 0) : both;
    if (expected === undefined) assertEquals(new Set(found), new Set([0]), name);
    else assertEquals(found.map((value) => value + 0), Array.from(expected.data, Number), name);
  }
});

for (const name of NAMES) {
  Deno.test(`RandAugment's ${name} gives the very pixels of timm on Pillow`, () => {
    const operation = RAND_AUGMENT_OPERATIONS[name];
    const args = Array.from(tensors.get(`arguments.${timmName(name)}`)?.data ?? [0], Number);
    const stem = `${timmName(name)}.`;
    const goldens = [...tensors.keys()].filter((key) => key.startsWith(stem));
    assertEquals(goldens.length, operation.kind === "moves" ? 4 : 6);
    for (const key of goldens) {
      const [, sizeText, kind, mode] = key.split(".");
      const size = Number(sizeText);
      const image = tensors.get(`image.${size}.${kind}`)!.data as Uint8Array<ArrayBuffer>;
      const before = image.slice();
      const expected = tensors.get(key)!.data as Uint8Array;
      assertEquals(expected.length, args.length * image.length);
      for (const [i, argument] of args.entries()) {
        const made = operation.apply(image, size, argument, {
          interpolation: mode as AffineInterpolation,
          fill: sidecar.fill,
        });
        const wanted = expected.subarray(i * image.length, (i + 1) * image.length);
        const wrong = made.findIndex((level, at) => level !== wanted[at]);
        assertEquals(
          wrong,
          -1,
          `${key} by ${argument}, at ${wrong}: ${made[wrong]}, ${wanted[wrong]}`,
        );
      }
      assertEquals(image, before, "the image itself is left as it was");
    }
  });
}

Deno.test("RandAugment's posterize keeps nothing by the largest magnitude", () => {
  const { argument, apply } = RAND_AUGMENT_OPERATIONS.posterize;
  assertEquals(argument(10, 1), 0);
  const options = { interpolation: "bicubic", fill: [0, 0, 0] } as const;
  assertEquals(apply(Uint8Array.of(1, 128, 255), 1, 0, options), new Uint8Array(3));
});

Deno.test("RandAugment draws from timm's distribution", () => {
  const { draws } = sidecar;
  const counts = new Map<string, number>();
  let signs = 0;
  let saturated = 0;
  let moved = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < draws; i++) {
    for (const { operation, argument } of randAugment.sample({}, new RandomStream(5, i), 40)) {
      counts.set(operation, (counts.get(operation) ?? 0) + 1);
      // The magnitude shows in the argument of what is moved.
      const most = { rotate: 30, shearX: 0.3, shearY: 0.3, translateX: 0.45, translateY: 0.45 };
      if (!(operation in most)) continue;
      const magnitude = 10 * Math.abs(argument) / most[operation as keyof typeof most];
      assert(magnitude <= 10 + 1e-9, `magnitude ${magnitude}`);
      moved++;
      signs += Number(argument > 0);
      saturated += Number(magnitude > 10 - 1e-9);
      sum += magnitude;
      squares += magnitude ** 2;
    }
  }
  const near = (found: number, expected: number, deviation: number, count: number, of: string) =>
    assert(
      Math.abs(found - expected) < 5 * deviation * Math.sqrt(2 / count),
      `${of}: ${found}, not ${expected}`,
    );
  const shares = Array.from(tensors.get("drawn.share")!.data, Number);
  for (const [i, name] of NAMES.entries()) {
    near(counts.get(name)! / draws, shares[i]!, Math.sqrt(shares[i]!), draws, name);
  }
  const [mean, std, most] = Array.from(tensors.get("drawn.magnitude")!.data, Number) as [
    number,
    number,
    number,
  ];
  near(sum / moved, mean, std, moved, "mean magnitude");
  near(Math.sqrt(squares / moved - (sum / moved) ** 2), std, std, moved, "deviation");
  near(saturated / moved, most, Math.sqrt(most), moved, "largest magnitudes");
  near(signs / moved, 0.5, 0.5, moved, "signs");
  assertEquals(randAugment.sample({ layers: 0 }, new RandomStream(0), 8), []);
  assertEquals(randAugment.sample({ probability: 0 }, new RandomStream(0), 8), []);
  const all = randAugment.sample(
    { layers: 3, probability: 1, deviation: 0 },
    new RandomStream(0),
    8,
  );
  assertEquals(all.length, 3);
});

Deno.test("erasing with noise draws timm's rectangles, and fills them with numbers of their own", () => {
  const { draws } = sidecar;
  const boxes = Array.from(
    { length: draws },
    (_, i) => noiseErasing.sample({}, new RandomStream(6, i), 40),
  ).filter((box) => noiseErasing.changes(box));
  const share = Number(tensors.get("erasing.share")!.data[0]);
  assert(Math.abs(boxes.length / draws - share) < 5 * Math.sqrt(2 * share / draws));
  const [mean, std] = ["mean", "std"].map((of) =>
    Array.from(tensors.get(`erasing.${of}`)!.data, Number)
  );
  for (const [i, side] of (["top", "left", "height", "width"] as const).entries()) {
    const found = boxes.reduce((sum, box) => sum + box[side] / boxes.length, 0);
    const off = Math.abs(found - mean![i]!);
    assert(off < 5 * std![i]! * Math.sqrt(2 / boxes.length), `${side} ${found}, not ${mean![i]}`);
  }
  const size = 64;
  const image = new Uint8Array(3 * size ** 2).fill(1);
  const box = { top: 10, left: 3, height: 40, width: 50, noise: 7 };
  const statistics = { mean: [124, 116, 104], std: [30, 20, 10] } as const;
  const erased = noiseErasing.movePixels(image, size, box, statistics);
  assertEquals(image, new Uint8Array(image.length).fill(1));
  assertEquals(noiseErasing.movePixels(image, size, box, statistics), erased);
  const other = noiseErasing.movePixels(image, size, { ...box, noise: 8 }, statistics);
  assert(other.some((level, i) => level !== erased[i]));
  for (const channel of [0, 1, 2]) {
    const inside: number[] = [];
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const level = erased[3 * (row * size + column) + channel]!;
        const isInside = row >= 10 && row < 50 && column >= 3 && column < 53;
        if (isInside) inside.push(level);
        else assertEquals(level, 1);
      }
    }
    const average = inside.reduce((sum, level) => sum + level / inside.length, 0);
    const variance = inside.reduce((sum, level) => sum + (level - average) ** 2, 0) / inside.length;
    assert(Math.abs(average - statistics.mean[channel]!) < 3, `mean ${average}`);
    assert(Math.abs(Math.sqrt(variance) / statistics.std[channel]! - 1) < 0.1, `${variance}`);
  }
});

Deno.test("viewLoader() applies RandAugment and erasing with noise as sampled, to masks what moves, with workers or without", async () => {
  const size = 24;
  const recipe: ViewRecipe = {
    size,
    crop: { area: [1, 1], aspect: [1, 1], interpolation: "bilinear" },
    flip: 0,
    randAugment: { layers: 3, probability: 1, fill: [124, 116, 104] },
    noiseErasing: { probability: 1 },
    normalize: IMAGENET_NORMALIZATION,
  };
  assertEquals(checkViewRecipe(JSON.parse(JSON.stringify(recipe))), recipe);
  const data = Uint8Array.from({ length: 3 * size ** 2 }, (_, i) => (i * 37) % 251);
  const mask = Uint8Array.from({ length: size ** 2 }, (_, i) => i % size < size / 2 ? 255 : 0);
  const masked = datasetOf("masked", 4, (index) => ({
    key: String(index),
    source: {
      kind: "rendered",
      name: String(index),
      render: () => Promise.resolve({ width: size, height: size, data, mask }),
    },
  }));
  const options = { batchSize: 4, seed: 3, epoch: 0, masks: true };
  const [batch] = await Array.fromAsync(viewLoader(masked, [recipe], options));
  const [view] = batch!.views;
  for (const [i, parameters] of view!.parameters.entries()) {
    const { randAugment: drawn, noiseErasing: box } = parameters;
    assertEquals(drawn.length, 3);
    const augmented = randAugment.movePixels(data, size, drawn, recipe.randAugment!);
    const pixels = noiseErasing.movePixels(augmented, size, box, {});
    assertEquals(view!.images.data.slice(i * pixels.length, (i + 1) * pixels.length), pixels);
    const moved = randAugment.moveMask(mask, size, drawn, recipe.randAugment!);
    assertEquals(view!.masks!.data.slice(i * mask.length, (i + 1) * mask.length), moved);
  }
  const [again] = await Array.fromAsync(viewLoader(masked, [recipe], { ...options, workers: 2 }));
  assertEquals(again!.views[0]!.images, view!.images);
});
