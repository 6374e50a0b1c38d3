import { assert, assertEquals } from "@std/assert";
import { jitter as step, type JitterRecipe } from "../../../../../core/data/views/steps/jitter.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";
import { readSafetensors } from "../../../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../../../fixtures/golden/view_sampling.safetensors", import.meta.url)
  .pathname;
const DRAWS = 20000;

function sampleJitter(recipe: JitterRecipe, random: RandomStream) {
  return step.sample(recipe, random, 224);
}

// A strength above 1 has its lower bound clipped at 0.
const RECIPE = { probability: 1, brightness: 0.4, contrast: 1.6, saturation: 0.2, hue: 0.1 };

Deno.test("jitter draws from torchvision's distribution", async () => {
  const expected = (await readSafetensors(GOLDEN)).tensors.get("jitter")!.data as Float64Array;
  const sums = new Float64Array(16);
  for (let i = 0; i < DRAWS; i++) {
    const { brightness, contrast, saturation, hue, order } = sampleJitter(
      RECIPE,
      new RandomStream(0, i),
    );
    [brightness, contrast, saturation, hue, ...order].forEach((value, k) => {
      sums[k]! += value / DRAWS;
      sums[8 + k]! += value ** 2 / DRAWS;
    });
  }
  for (let k = 0; k < 8; k++) {
    const deviation = Math.sqrt(sums[8 + k]! - sums[k]! ** 2);
    const error = expected[8 + k]! * Math.sqrt(2 / DRAWS);
    assert(Math.abs(sums[k]! - expected[k]!) < 5 * error, `mean ${k}: ${sums[k]}`);
    assert(Math.abs(deviation - expected[8 + k]!) < 5 * error, `deviation ${k}: ${deviation}`);
  }
});

Deno.test("jitter draws every order of the steps", () => {
  const orders = new Set<string>();
  for (let i = 0; i < 500; i++) {
    orders.add(sampleJitter(RECIPE, new RandomStream(1, i)).order.join());
  }
  assertEquals(orders.size, 24);
});

Deno.test("jitter is applied as often as its probability says", () => {
  let applied = 0;
  for (let i = 0; i < 2000; i++) {
    const jitter = sampleJitter({ ...RECIPE, probability: 0.8 }, new RandomStream(2, i));
    if (jitter.apply) applied++;
    else assertEquals(jitter, step.none);
  }
  assert(Math.abs(applied - 1600) < 90, `found ${applied}`);
});

Deno.test("jitter leaves out steps of strength 0", () => {
  const still = { probability: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0 };
  const { brightness, contrast, saturation, hue } = sampleJitter(still, new RandomStream(0));
  assertEquals([brightness, contrast, saturation, hue], [1, 1, 1, 0]);
});
