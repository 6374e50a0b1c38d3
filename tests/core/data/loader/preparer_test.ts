import { assertEquals, assertRejects } from "@std/assert";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import type { SampleJob } from "../../../../core/data/loader/prepare_sample.ts";
import { openPreparer } from "../../../../core/data/loader/preparer.ts";
import { mocoV2View } from "../../../../core/data/views/presets.ts";

const IMAGES = new URL("../../../../fixtures/images/", import.meta.url).pathname;

async function job(name: string): Promise<SampleJob> {
  return {
    inputs: [{ kind: "encoded", name, bytes: await Deno.readFile(`${IMAGES}${name}`) }],
    inputOfView: [0, 0],
    plan: {
      kind: "sampled",
      recipes: [mocoV2View(16), mocoV2View(8)],
      seed: 1,
      epoch: 2,
      index: 3,
    },
    reduce: false,
  };
}

Deno.test("openPreparer() prepares the same in workers as in this thread", async () => {
  using here = openPreparer(0);
  using workers = openPreparer(2);
  for (const name of ["photo.jpg", "rgb.png", "cmyk.jpg"]) {
    assertEquals(await workers.prepare(await job(name)), await here.prepare(await job(name)));
  }
});

Deno.test("openPreparer() passes on from workers which image is unreadable", async () => {
  using workers = openPreparer(1);
  const error = await assertRejects(
    async () => await workers.prepare(await job("truncated.jpg")),
    UnreadableImageError,
    "premature end of JPEG image",
  );
  assertEquals(error.source, "truncated.jpg");
});

Deno.test("openPreparer() passes on from workers what else went wrong", async () => {
  using workers = openPreparer(1);
  const good = await job("rgb.png");
  await assertRejects(
    () => workers.prepare({ ...good, plan: { ...good.plan, recipes: [] } as SampleJob["plan"] }),
    Error,
    "Internal: a worker failed on a sample",
  );
});

Deno.test("openPreparer() gives up what its workers were at when it is disposed of", async () => {
  const workers = openPreparer(1);
  const pending = workers.prepare(await job("photo.jpg"));
  workers[Symbol.dispose]();
  await assertRejects(() => pending, DOMException, "The worker was closed");
});
