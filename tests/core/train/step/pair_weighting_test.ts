import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { CLIP_NORMALIZATION, IMAGENET_NORMALIZATION } from "../../../../core/data/views/presets.ts";
import { renormalize } from "../../../../core/data/normalize_pixels.ts";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../../core/engine/graph/value.ts";
import { CPU, DeviceTensor } from "../../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { qualityWeights } from "../../../../core/losses/quality_weights.ts";
import { PairWeighting, type WeighedStep } from "../../../../core/train/step/pair_weighting.ts";
import { runGraph } from "../../../run_graph.ts";
import { PATCH_DIRECTION, patchMeans, patchTokens } from "../patch_means.ts";

const NETWORK = patchMeans(16);
const DIRECTION = PATCH_DIRECTION;

function noise(count: number, size: number, name: string): Tensor<"float32"> {
  const random = new RandomStream(0, name);
  const data = Float32Array.from({ length: count * 3 * size * size }, () => random.normal());
  return float32([count, 3, size, size], data);
}

interface Placed extends Disposable {
  readonly step: WeighedStep;
  readonly views: readonly Tensor<"float32">[];
}

function place(
  count: number,
  size: number,
  pairs: readonly (readonly [number, number])[] = [[0, 1]],
): Placed {
  const owned = new DisposableStack();
  const used = 1 + Math.max(...pairs.flat());
  const views = ["first", "second", "third", "fourth"].slice(0, used)
    .map((name) => noise(count, size, name));
  return {
    step: {
      views: views.map((view) => owned.use(DeviceTensor.from(view))),
      normalize: views.map(() => IMAGENET_NORMALIZATION),
      pairs: pairs.map((views) => ({
        views,
        weights: owned.use(DeviceTensor.empty({ dtype: "float32", shape: [count] })),
      })),
      device: CPU,
      threads: 1,
    },
    views,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

// In one run of the encoder, in three of which the last overlaps, and in three that are full.
for (const count of [6, 34, 48]) {
  Deno.test(`PairWeighting weights ${count} pairs as one graph does, and writes the weights to the step`, async () => {
    using placed = place(count, 16);
    using weighting = await PairWeighting.create(
      { network: NETWORK, component: DIRECTION, sharpness: 3 },
      placed.step,
    );
    const { pairs: [judged], maps: judgedMaps } = await weighting.weigh(3);
    const [first, second] = placed.views.map((view, i) => {
      const given = input(`views.${i}`, "float32", view.shape);
      return patchTokens(renormalize(given, IMAGENET_NORMALIZATION, CLIP_NORMALIZATION));
    });
    const { weights, foreground, background, maps } = qualityWeights(
      first!,
      second!,
      constant(float32([6], DIRECTION)),
      { sharpness: 3 },
    );
    const wanted = await runGraph(
      { weights, foreground, background, map: maps[1] },
      { "views.0": placed.views[0]!, "views.1": placed.views[1]! },
    );
    for (const name of ["weights", "foreground", "background"] as const) {
      judged[name].forEach((value, i) =>
        assertAlmostEquals(value, Number(wanted[name]!.data[i]), 1e-5, `${name} ${i}`)
      );
    }
    assertEquals([...placed.step.pairs[0]!.weights.data], [...judged.weights]);
    assertAlmostEquals(judged.weights.reduce((sum, x) => sum + x, 0), count, 1e-3);
    assertEquals(judgedMaps.map(({ shape }) => shape), [[3, 16], [3, 16]]);
    judgedMaps[1].data.forEach((value, i) =>
      assertAlmostEquals(value, Number(wanted["map"]!.data[i]), 1e-5)
    );
  });
}

Deno.test("PairWeighting weights all pairs of views together, each view encoded once", async () => {
  const asked = [[0, 2], [1, 2], [0, 3]] as const;
  const sharpness = 3;
  using placed = place(20, 16, asked);
  let seen = 0;
  const counting = {
    ...NETWORK,
    createSession: ((images, ...rest) => {
      seen += images.shape[0]!;
      return NETWORK.createSession(images, ...rest);
    }) as typeof NETWORK.createSession,
  };
  const options = { network: counting, component: DIRECTION, sharpness };
  using weighting = await PairWeighting.create(options, placed.step);
  const judged = await weighting.weigh(2);
  // Four views of eight samples: 32 images in one run of the encoder.
  assertEquals(seen, 32);
  assertEquals(judged.pairs.map(({ views }) => views), [...asked]);

  const scores: number[] = [];
  for (const [i, [first, second]] of asked.entries()) {
    using single = place(20, 16, [[0, 1]]);
    [first, second].forEach((view, side) => single.step.views[side]!.write(placed.views[view]!));
    using alone = await PairWeighting.create(
      { network: NETWORK, component: DIRECTION },
      single.step,
    );
    const { pairs: [{ foreground, background }], maps } = await alone.weigh(2);
    for (const [name, wanted] of Object.entries({ foreground, background })) {
      const found = judged.pairs[i]![name as "foreground"];
      found.forEach((value, at) => assertAlmostEquals(value, wanted[at]!, 1e-5));
    }
    if (i === 0) {
      assertEquals(
        judged.maps.map(({ shape }) => shape),
        maps.map(({ shape }) => shape),
      );
    }
    scores.push(...foreground.map((value, at) => Math.exp(sharpness * (value - background[at]!))));
  }
  // As in GenView++: each score divided by the mean of all.
  const mean = scores.reduce((sum, score) => sum + score) / scores.length;
  const weights = judged.pairs.flatMap((pair) => [...pair.weights]);
  weights.forEach((weight, i) => assertAlmostEquals(weight, scores[i]! / mean, 1e-4));
  judged.pairs.forEach((pair, i) => {
    assertEquals([...placed.step.pairs[i]!.weights.data], [...pair.weights]);
    const ofPair = pair.weights.reduce((sum, weight) => sum + weight, 0) / 20;
    // Not each pair of views has mean 1 by itself.
    assert(Math.abs(ofPair - 1) > 1e-4, `mean ${ofPair}`);
  });
});

Deno.test("PairWeighting resizes views to what the encoder takes", async () => {
  using placed = place(4, 24);
  const options = { network: NETWORK, component: DIRECTION };
  using weighting = await PairWeighting.create(options, placed.step);
  const { pairs: [{ weights }], maps } = await weighting.weigh(1);
  assert(weights.every((weight) => weight > 0.3 && weight < 3), `weights ${weights}`);
  assertEquals(maps[0].shape, [1, 16]);
});

Deno.test("PairWeighting leaves all weights at 1 where they are not sharpened", async () => {
  using placed = place(8, 16);
  const options = { network: NETWORK, component: DIRECTION, sharpness: 0 };
  using weighting = await PairWeighting.create(options, placed.step);
  assertEquals([...(await weighting.weigh()).pairs[0].weights], new Array(8).fill(1));
});

Deno.test("PairWeighting refuses a component of another width, one token, and one view", async () => {
  using placed = place(2, 16);
  await assertRejects(
    () => PairWeighting.create({ network: NETWORK, component: DIRECTION.slice(1) }, placed.step),
    RangeError,
    "Cannot weight pairs by means of patches: the component must have its 6 features, found 5",
  );
  await assertRejects(
    () => PairWeighting.create({ network: patchMeans(4), component: DIRECTION }, placed.step),
    RangeError,
    "a view must have several tokens for there to be a foreground, found one for 4 pixels",
  );
  const single = { ...placed.step, views: placed.step.views.slice(1) };
  await assertRejects(
    () => PairWeighting.create({ network: NETWORK, component: DIRECTION }, single),
    RangeError,
    "there must be two views, found 1",
  );
});
