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

function place(count: number, size: number): Placed {
  const owned = new DisposableStack();
  const views = ["first", "second"].map((name) => noise(count, size, name));
  return {
    step: {
      views: views.map((view) => owned.use(DeviceTensor.from(view))),
      normalize: [IMAGENET_NORMALIZATION, IMAGENET_NORMALIZATION],
      pairWeights: owned.use(DeviceTensor.empty({ dtype: "float32", shape: [count] })),
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
    const judged = await weighting.weigh(3);
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
    assertEquals([...placed.step.pairWeights.data], [...judged.weights]);
    assertAlmostEquals(judged.weights.reduce((sum, x) => sum + x, 0), count, 1e-3);
    assertEquals(judged.maps.map(({ shape }) => shape), [[3, 16], [3, 16]]);
    judged.maps[1].data.forEach((value, i) =>
      assertAlmostEquals(value, Number(wanted["map"]!.data[i]), 1e-5)
    );
  });
}

Deno.test("PairWeighting resizes views to what the encoder takes", async () => {
  using placed = place(4, 24);
  const options = { network: NETWORK, component: DIRECTION };
  using weighting = await PairWeighting.create(options, placed.step);
  const { weights, maps } = await weighting.weigh(1);
  assert(weights.every((weight) => weight > 0.3 && weight < 3), `weights ${weights}`);
  assertEquals(maps[0].shape, [1, 16]);
});

Deno.test("PairWeighting leaves all weights at 1 where they are not sharpened", async () => {
  using placed = place(8, 16);
  const options = { network: NETWORK, component: DIRECTION, sharpness: 0 };
  using weighting = await PairWeighting.create(options, placed.step);
  assertEquals([...(await weighting.weigh()).weights], new Array(8).fill(1));
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
