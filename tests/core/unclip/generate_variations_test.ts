import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ImageSource } from "../../../core/data/dataset.ts";
import {
  generateVariations,
  type WantedVariation,
} from "../../../core/unclip/generate_variations.ts";
import { UnclipPipeline } from "../../../core/unclip/pipeline.ts";
import { picture, readPipelineGolden, withPipelineFolder } from "./pipeline_golden.ts";

const golden = await readPipelineGolden();

function drawn(index: number): ImageSource {
  const name = `picture ${index}`;
  return { kind: "rendered", name, render: () => Promise.resolve(picture(golden, index)) };
}

function wantedOf(key: string, source: ImageSource, count: number): WantedVariation[] {
  return Array.from({ length: count }, (_, index) => ({ key, source, level: 100, index }));
}

function broken(error: Error): ImageSource {
  return { kind: "encoded", name: "broken.jpg", read: () => Promise.reject(error) };
}

Deno.test("generateVariations() fills its batches past images that cannot be read, each reported once", () =>
  withPipelineFolder(golden, async (folder) => {
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 2, steps: 1, threads: 1 });
    const wanted = [
      ...wantedOf("a", drawn(0), 1),
      ...wantedOf("b", broken(new Deno.errors.NotFound()), 2),
      ...wantedOf("c", drawn(1), 2),
    ];
    const unreadable: [string, number, string][] = [];
    const batches = await Array.fromAsync(generateVariations(pipeline, wanted, {
      seed: 0,
      batchSize: 2,
      onUnreadable: ({ source }, without, key) => unreadable.push([source, without, key]),
      onFailure: () => {},
    }));
    const names = batches.map((batch) => batch.map(({ wanted }) => `${wanted.key}${wanted.index}`));
    assertEquals(names, [["a0", "c0"], ["c1"]]);
    assertEquals(unreadable, [["broken.jpg", 2, "b"]]);
    assertEquals(batches[0]![0]!.image.data.length, 3 * 128 ** 2);
  }));

Deno.test("generateVariations() ends by its signal, and by errors that are no image's fault", () =>
  withPipelineFolder(golden, async (folder) => {
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 1, steps: 1, threads: 1 });
    const controller = new AbortController();
    const options = { seed: 0, batchSize: 1, onUnreadable: () => {}, onFailure: () => {} };
    const made: string[] = [];
    const run = async (source: ImageSource, signal?: AbortSignal) => {
      const wanted = [...wantedOf("a", drawn(0), 1), ...wantedOf("b", source, 1)];
      const all = { ...options, ...(signal && { signal }) };
      for await (const [variation] of generateVariations(pipeline, wanted, all)) {
        made.push(variation!.wanted.key);
        controller.abort(new Error("enough"));
      }
    };
    await assertRejects(() => run(drawn(1), controller.signal), Error, "enough");
    await assertRejects(() => run(broken(new Error("a fault"))), Error, "a fault");
    assertEquals(made, ["a", "a"]);
  }));

Deno.test("generateVariations() makes the next batch while the caller has one, until it takes no more", () =>
  withPipelineFolder(golden, async (folder) => {
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 1, steps: 5, threads: 1 });
    const perBatch = pipeline.calls;
    const wanted = wantedOf("a", drawn(0), 3);
    let calls = 0;
    const second = Promise.withResolvers<void>();
    const batches = generateVariations(pipeline, wanted, {
      ...{ seed: 0, batchSize: 1, onUnreadable: () => {}, onFailure: () => {} },
      onCall: () => {
        if (++calls > perBatch) second.resolve();
      },
    });
    await batches.next();
    await second.promise;
    await batches.return(undefined);
    assert(calls < 2 * perBatch, `${calls} calls`);
  }));
