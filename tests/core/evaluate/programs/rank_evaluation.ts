/**
 * Evaluates a small backbone on several ranks, and compares everything with one process.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Dataset, openData, subset } from "../../../../core/data/mod.ts";
import { inProcessGroup, type ProcessGroup } from "../../../../core/distributed/mod.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import {
  type BackboneScores,
  evaluateBackbone,
  type FeatureProgress,
  type LabeledFeatures,
  linearProbe,
  nearestNeighbors,
} from "../../../../core/evaluate/mod.ts";
import { placedBackbone, RECIPE } from "../colored_images.ts";

const THREADS = 1;

/** Some emoji, one of which cannot be read. */
async function emoji(name: string, count: number, damaged: number): Promise<Dataset> {
  const all = await openData(name);
  const some = subset(all, Array.from({ length: count }, (_, i) => 7 * i));
  const source = {
    kind: "encoded",
    name: "damaged.png",
    read: () => Promise.resolve(new Uint8Array(8)),
  } as const;
  return {
    ...some,
    sample: (i) => ({ ...some.sample(i), ...(i === damaged && { source }) }),
  };
}

async function checkBackbone(group: ProcessGroup): Promise<BackboneScores> {
  using stack = new DisposableStack();
  const network = placedBackbone(stack);
  const [bank, queries] = [
    await emoji("emoji-twitter", 75, 70),
    await emoji("emoji-google", 75, 3),
  ];
  const evaluation = { bank, queries, recipe: RECIPE, batchSize: 8, threads: THREADS };
  const run = async (shared: ProcessGroup | undefined) => {
    const warnings: string[] = [];
    const progress: FeatureProgress[] = [];
    const scores = await evaluateBackbone(network, {
      ...evaluation,
      group: shared,
      onWarning: (message) => warnings.push(message),
      onProgress: (event) => progress.push(event),
    });
    return { scores, warnings, progress };
  };
  const alone = await run(undefined);
  const together = await run(group);
  assertEquals(together.scores, alone.scores);
  assert(alone.scores.retrieval !== undefined, "emoji have counterparts");
  // The image is damaged in both sets, and told of once, by the first rank.
  const leads = group.rank === 0;
  assertEquals(alone.warnings.length, 1);
  assertEquals(together.warnings, leads ? alone.warnings : []);
  const last = (set: string) => together.progress.findLast((event) => event.set === set)?.done;
  assertEquals([last("bank"), last("queries")], leads ? [74, 74] : [undefined, undefined]);
  return alone.scores;
}

/** Features of which many are the same. */
function features(seed: number, rows: number, width: number) {
  const random = new RandomStream(seed, "features");
  const data = Float32Array.from({ length: rows * width }, () => random.integer(3) - 0.9);
  return tensor("float32", [rows, width], data);
}

async function checkNeighbors(group: ProcessGroup): Promise<void> {
  const [bank, queries] = [features(1, 20_000, 5), features(2, 2001, 5)];
  for (const distance of ["cosine", "euclidean"] as const) {
    const options = { k: 7, distance, threads: THREADS, excluded: (query: number) => [query] };
    const alone = await nearestNeighbors(bank, queries, options);
    assertEquals(await nearestNeighbors(bank, queries, { ...options, group }), alone);
  }
}

/** The features of queries in the numbering of few classes, of which a probe can learn something. */
async function checkProbe({ bank, queries }: BackboneScores, group: ProcessGroup): Promise<void> {
  const few = ({ features, labels }: LabeledFeatures) => ({
    features,
    labels: labels.map((label) => label % 3),
  });
  // Ranks do not divide the batch, and the last of three has no row of one of 4.
  for (const batchSize of [4, 25]) {
    const options = { batchSize, epochs: 3, standardize: true, threads: THREADS };
    const alone = await linearProbe(few(bank), few(queries), options);
    const together = await linearProbe(few(bank), few(queries), { ...options, group });
    assertEquals(together.predictions, alone.predictions);
    assertEquals([together.top1, together.top5], [alone.top1, alone.top5]);
    for (const [epoch, loss] of alone.losses.entries()) {
      const drift = Math.abs(together.losses[epoch]! - loss);
      assert(drift < 1e-5, `batch ${batchSize}, epoch ${epoch}: ${drift}`);
    }
  }
}

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    assert(group !== undefined, "several ranks");
    await checkNeighbors(group);
    await checkProbe(await checkBackbone(group), group);
    if (group.rank === 0) console.log(`the same on ${group.size} ranks`);
  });
}
