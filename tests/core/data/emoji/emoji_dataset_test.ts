import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { MaskedImage, RenderedSource, Sample } from "../../../../core/data/dataset.ts";
import { compose } from "../../../../core/data/emoji/emoji_dataset.ts";
import { EMOJI_CATEGORIES, openEmoji } from "../../../../core/data/emoji/mod.ts";
import { viewLoader } from "../../../../core/data/loader/view_loader.ts";
import { smallImageView } from "../../../../core/data/views/presets.ts";

function render(sample: Sample, epoch = 0): Promise<MaskedImage> {
  return (sample.source as RenderedSource).render(epoch);
}

Deno.test("compose() blends by opacity and keeps it as the mask", () => {
  const picture = {
    width: 2,
    height: 1,
    data: new Uint8Array([200, 100, 0, 9, 9, 9]),
    mask: new Uint8Array([128, 0]),
  };
  const background = new Uint8Array(3 * 9).fill(50);
  const image = compose(picture, background, 3, 1, 2);
  assertEquals([...image.data.subarray(21, 27)], [125, 75, 25, 50, 50, 50]);
  assertEquals([...image.mask], [0, 0, 0, 0, 0, 0, 0, 128, 0]);
  assert(background.every((value) => value === 50), "the background was written to");
});

Deno.test("openEmoji() matches the designs by identity, and labels by category", async () => {
  const google = await openEmoji("google");
  const twitter = await openEmoji("twitter");
  assertEquals([google.name, twitter.name], ["emoji-google", "emoji-twitter"]);
  assertEquals(google.length, twitter.length);
  assertEquals(google.classes, EMOJI_CATEGORIES);
  for (const index of [0, 500, 1905]) {
    const [noto, twemoji] = [google.sample(index), twitter.sample(index)];
    assertEquals([noto.identity, noto.label], [twemoji.identity, twemoji.label]);
    assertEquals(noto.key, noto.identity);
  }
});

Deno.test("openEmoji() draws each on a background of its own, with its true mask", async () => {
  const google = await openEmoji("google", { size: 48, scale: 0.75 });
  const first = await render(google.sample(0));
  assertEquals([first.width, first.height, first.data.length], [48, 48, 48 * 48 * 3]);
  const foreground = first.mask!.filter((opacity) => opacity > 127).length / 48 ** 2;
  // A grinning face is a disc within a square of 36 pixels, at most pi/4 of 0.75 squared.
  assert(foreground > 0.3 && foreground < 0.45, `found ${foreground}`);
  const columns = [...first.mask!].flatMap((opacity, i) => opacity > 0 ? [i % 48] : []);
  assert(Math.max(...columns) - Math.min(...columns) < 36);
  assertEquals(await render(google.sample(0), 7), first);
  const twitter = await openEmoji("twitter", { size: 48, scale: 0.75 });
  const other = await render(twitter.sample(0));
  assertNotEquals(other.data.subarray(0, 9), first.data.subarray(0, 9));
});

Deno.test("openEmoji() redraws backgrounds with the epoch and the seed if asked", async () => {
  const still = await render((await openEmoji("google")).sample(3));
  const seeded = await render((await openEmoji("google", { seed: 1 })).sample(3));
  assertNotEquals(seeded.data, still.data);
  const redrawn = await openEmoji("google", { redraw: true });
  assertEquals(await render(redrawn.sample(3), 0), still);
  assertNotEquals((await render(redrawn.sample(3), 1)).data, still.data);
});

Deno.test("openEmoji() gives variations that share the emoji and not the background", async () => {
  const google = await openEmoji("google", { variations: 2, scale: 1 });
  const sample = google.sample(10);
  assertEquals(sample.variations?.length, 2);
  const image = await render(sample);
  for (const variation of sample.variations!) {
    const varied = await (variation as RenderedSource).render(0);
    assertEquals(varied.mask, image.mask);
    assertNotEquals(varied.data, image.data);
  }
});

Deno.test("openEmoji() loads in batches, with masks, alike with workers", async () => {
  const emoji = await openEmoji("google", { categories: ["Food & Drink"], variations: 1 });
  const load = async (workers: number) => {
    const loader = viewLoader(emoji, [smallImageView(32), smallImageView(32)], {
      batchSize: 8,
      seed: 0,
      epoch: 0,
      masks: true,
      variations: {},
      workers,
    });
    for await (const batch of loader) return batch;
    throw new Error("no batch");
  };
  const batch = await load(0);
  assertEquals(batch.views[1]!.masks!.shape, [8, 32, 32]);
  assert([...batch.labels.data].every((label) => label === 0n));
  assertEquals(await load(2), batch);
});

Deno.test("openEmoji() rejects options that make no sense", async () => {
  await assertRejects(() => openEmoji("google", { size: 3 }), RangeError, "size must be");
  await assertRejects(() => openEmoji("google", { scale: 0 }), RangeError, "scale must lie");
  await assertRejects(
    () => openEmoji("google", { categories: ["Plants"] }),
    RangeError,
    'found "Plants"',
  );
  await assertRejects(() => openEmoji("google", { categories: [] }), RangeError, "found none");
});
