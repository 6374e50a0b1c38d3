import { assert, assertEquals, assertRejects } from "@std/assert";
import { openImage, type Reduction } from "../../../../core/data/decode/encoded_image.ts";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";

const FIXTURES = new URL("../../../../fixtures/", import.meta.url).pathname;

async function open(name: string) {
  return await openImage(await Deno.readFile(`${FIXTURES}images/${name}`), name);
}

function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

/** Greatest difference from Pillow: rounding in the blend with white, and how AVIF's colours are upsampled. */
const INEXACT: Readonly<Record<string, number>> = {
  "alpha.png": 0.5,
  "gray_alpha.png": 0.5,
  "rgb.avif": 4,
};

const golden = await readSafetensors(`${FIXTURES}golden/image_decoding.safetensors`);
for (const [name, expected] of golden.tensors) {
  Deno.test(`openImage() decodes ${name} as Pillow does`, async () => {
    const image = await open(name);
    const { width, height, data } = await image.decode();
    assertEquals([image.height, image.width, 3], expected.shape);
    assertEquals([height, width, 3], expected.shape);
    const difference = meanDifference(data, expected.data as Uint8Array);
    assert(difference <= (INEXACT[name] ?? 0), `found a mean difference of ${difference}`);
  });
}

const REASONS = [
  ["truncated.jpg", "premature end of JPEG image"],
  ["corrupt.jpg", "a file of another format, where JPEG"],
  ["corrupt.png", "libpng read error"],
  ["empty.jpg", "an empty file"],
] as const;

for (const [name, reason] of REASONS) {
  Deno.test(`openImage() or decode() names ${name} and what is wrong with it`, async () => {
    const error = await assertRejects(
      async () => await (await open(name)).decode(),
      UnreadableImageError,
      reason,
    );
    assertEquals(error.source, name);
  });
}

Deno.test("openImage() and decode() give each of many images its own reason", async () => {
  await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const [name, reason] = REASONS[i % REASONS.length]!;
    const error = await assertRejects(
      async () => await (await open(name)).decode(),
      UnreadableImageError,
    );
    const others = REASONS.filter(([other]) => other !== name);
    assert(error.reason.includes(reason), `${name}: ${error.reason}`);
    assert(!others.some(([, other]) => error.reason.includes(other)), `${name}: ${error.reason}`);
  }));
});

Deno.test("decode() gives a JPEG at a fraction of its size", async () => {
  for (const reduction of [3, 5, 9] satisfies Reduction[]) {
    const image = await open("photo.jpg");
    assert(image.reducible);
    const { width, height, data } = await image.decode(reduction);
    assertEquals([width, height], [Math.floor(500 / reduction), Math.floor(375 / reduction)]);
    assertEquals(data.length, width * height * 3);
  }
});

Deno.test("decode() reduces an image as it is oriented", async () => {
  const { width, height } = await (await open("orientation_6.jpg")).decode(3);
  assertEquals([width, height], [12, 16]);
});
