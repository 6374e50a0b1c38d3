import { assert, assertEquals } from "@std/assert";
import { openImage, type Reduction } from "../../../../core/data/decode/encoded_image.ts";
import { cutMask, cutView } from "../../../../core/data/geometry/cut_view.ts";
import { placeEvaluation, type Placement } from "../../../../core/data/geometry/placement.ts";
import { evaluationView } from "../../../../core/data/views/presets.ts";
import type { Interpolation } from "../../../../core/data/views/recipe.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";

const FIXTURES = new URL("../../../../fixtures/", import.meta.url).pathname;

async function decode(name: string, reduction: Reduction = 1) {
  const image = await openImage(await Deno.readFile(`${FIXTURES}images/${name}.jpg`), name);
  return { width: image.width, height: image.height, image: await image.decode(reduction) };
}

/** What a golden's name says: crop/IMAGE/LEFT,TOP,WIDTH,HEIGHT/SIZE/MODE/FLIP or evaluation/IMAGE/SHORTER_SIDE/SIZE. */
function placementOf(parts: readonly string[], width: number, height: number): Placement {
  if (parts[0] === "evaluation") {
    const [shorterSide, size] = [Number(parts[2]), Number(parts[3])];
    return placeEvaluation({ ...evaluationView(), shorterSide, size }, width, height);
  }
  const [left, top, cropWidth, cropHeight] = parts[2]!.split(",").map(Number);
  const size = Number(parts[3]);
  return {
    crop: { left: left!, top: top!, width: cropWidth!, height: cropHeight! },
    resized: { width: size, height: size },
    left: 0,
    top: 0,
    size,
    flip: parts[5] === "flip",
    interpolation: parts[4] as Interpolation,
  };
}

const golden = await readSafetensors(`${FIXTURES}golden/view_geometry.safetensors`);
for (const [name, expected] of golden.tensors) {
  Deno.test(`cutView() gives torchvision's pixels for ${name}`, async () => {
    const parts = name.split("/");
    const { image, width, height } = await decode(parts[1]!);
    const placement = placementOf(parts, width, height);
    const view = new Uint8Array(3 * placement.size ** 2);
    cutView(image, placement, view, 0);
    assertEquals(view, expected.data);
  });
}

Deno.test("cutView() writes at the offset and nowhere else", async () => {
  const { image, width, height } = await decode("photo");
  const placement = placeEvaluation({ ...evaluationView(8), shorterSide: 8 }, width, height);
  const alone = new Uint8Array(192);
  cutView(image, placement, alone, 0);
  const batch = new Uint8Array(3 * 192).fill(7);
  cutView(image, placement, batch, 192);
  assertEquals(batch.subarray(192, 384), alone);
  assert(batch.subarray(0, 192).every((value) => value === 7));
  assert(batch.subarray(384).every((value) => value === 7));
});

Deno.test("cutView() of a reduced decode stays within 1 of 255 in the mean at the least shrink", async () => {
  const whole = await decode("photo");
  const reduced = await decode("photo", 3);
  for (const flip of [false, true]) {
    const placement: Placement = {
      crop: { left: 31, top: 17, width: 333, height: 301 },
      resized: { width: 64, height: 64 },
      left: 0,
      top: 0,
      size: 64,
      flip,
      interpolation: "bilinear",
    };
    const expected = new Uint8Array(64 * 64 * 3);
    cutView(whole.image, placement, expected, 0);
    const found = new Uint8Array(64 * 64 * 3);
    cutView(reduced.image, placement, found, 0);
    const difference = found.reduce((sum, value, i) => sum + Math.abs(value - expected[i]!), 0) /
      found.length;
    assert(difference > 0 && difference < 1, `found ${difference}`);
  }
});

Deno.test("cutView() knows what a reduced decode leaves out, however the file is oriented", async () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    // 36 pixels are four eighths and half of one, which is left out on the side that was the file's end.
    const { image, width, height } = await decode(`orientation_${orientation}`);
    const { image: reduced } = await decode(`orientation_${orientation}`, 9);
    const placement: Placement = {
      crop: { left: 0, top: 0, width, height },
      resized: { width: 3, height: 3 },
      left: 0,
      top: 0,
      size: 3,
      flip: false,
      interpolation: "bilinear",
    };
    const [expected, found] = [new Uint8Array(27), new Uint8Array(27)];
    cutView(image, placement, expected, 0);
    cutView(reduced, placement, found, 0);
    const difference = found.reduce((sum, value, i) => sum + Math.abs(value - expected[i]!), 0) /
      27;
    // 3.5; if the span were taken for the whole 5.1, on the wrong side 7.4.
    assert(difference < 4, `orientation ${orientation}: found ${difference}`);
  }
});

Deno.test("cutMask() cuts a mask where cutView() cuts its image", () => {
  const [width, height] = [20, 10];
  const mask = new Uint8Array(width * height).map((_, i) => (i * 37) % 256);
  const data = new Uint8Array(3 * mask.length).map((_, i) => mask[Math.floor(i / 3)]!);
  const placement: Placement = {
    crop: { left: 3, top: 1, width: 9, height: 7 },
    resized: { width: 5, height: 5 },
    left: 0,
    top: 0,
    size: 5,
    flip: true,
    interpolation: "bicubic",
  };
  const view = new Uint8Array(75);
  cutView({ width, height, data }, placement, view, 0);
  const found = new Uint8Array(26);
  cutMask(mask, width, height, placement, found, 1);
  assertEquals([...found.subarray(1)], [...view.filter((_, i) => i % 3 === 0)]);
});
