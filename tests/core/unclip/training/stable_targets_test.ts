import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { mixtureOf } from "../../../../core/unclip/schedulers/scheduler.ts";
import { stabilizeTargets } from "../../../../core/unclip/training/stable_targets.ts";

const [IMAGES, DRAWS, EACH, SCALE] = [3, 4, 6, 0.5];

/** Drawn latents, and a batch that holds samples of some of their rows at shares of the signal. */
function drawn(rows: readonly number[], remaining: readonly number[]) {
  const random = new RandomStream(0, "stable targets");
  const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const mean = tensor("float32", [DRAWS * IMAGES, 1, 2, 3], normal(DRAWS * IMAGES * EACH));
  const shape = [rows.length, 1, 2, 3];
  const samples = rows.flatMap((row) =>
    Array.from(
      mean.data.subarray(row * EACH, (row + 1) * EACH),
      (value) => SCALE * (value + 0.01 * random.normal()),
    )
  );
  const batch = {
    latents: tensor("float32", shape, Float32Array.from(samples)),
    noise: tensor("float32", shape, normal(rows.length * EACH)),
    mixtures: remaining.map(mixtureOf),
  };
  const before = { latents: batch.latents.data.slice(), noise: batch.noise.data.slice() };
  stabilizeTargets(batch, { mean, draws: DRAWS, scale: SCALE }, rows);
  /** The clean latents of a draw of a row's image, as one row of the batch sees them. */
  const candidate = (i: number, draw: number) => {
    const other = draw * IMAGES + rows[i]! % IMAGES;
    return other === rows[i]
      ? Array.from(before.latents.subarray(i * EACH, (i + 1) * EACH))
      : Array.from(mean.data.subarray(other * EACH, (other + 1) * EACH), (value) => SCALE * value);
  };
  return { batch, before, candidate };
}

/** Density of a normal distribution with this mean and standard deviation, up to a factor that is the same for all means. */
function density(value: number, mean: number, deviation: number): number {
  return Math.exp(-0.5 * ((value - mean) / deviation) ** 2);
}

Deno.test("stabilizeTargets() gives the posterior mean over the draws of an image, as Bayes' rule has it", () => {
  const rows = [0, 4, 8, 11];
  const { batch, before, candidate } = drawn(rows, [0.5, 0.2, 0.05, 0.8]);
  batch.mixtures.forEach(({ signal, noise }, i) => {
    const likelihoods = Array.from(
      { length: DRAWS },
      (_, draw) =>
        candidate(i, draw).reduce((product, value, j) => {
          const at = i * EACH + j;
          const mixed = signal * before.latents[at]! + noise * before.noise[at]!;
          return product * density(mixed, signal * value, noise);
        }, 1),
    );
    const sum = likelihoods.reduce((a, b) => a + b);
    for (let j = 0; j < EACH; j++) {
      const expected = likelihoods.reduce(
        (total, likelihood, draw) => total + likelihood / sum * candidate(i, draw)[j]!,
        0,
      );
      assertAlmostEquals(batch.latents.data[i * EACH + j]!, expected, 1e-6);
    }
  });
});

Deno.test("stabilizeTargets() keeps the mixture of latents and noise", () => {
  const { batch, before } = drawn([1, 5, 9], [0.9, 0.3, 0.01]);
  batch.mixtures.forEach(({ signal, noise }, i) => {
    for (let at = i * EACH; at < (i + 1) * EACH; at++) {
      assertAlmostEquals(
        signal * batch.latents.data[at]! + noise * batch.noise.data[at]!,
        signal * before.latents[at]! + noise * before.noise[at]!,
        1e-6,
      );
    }
  });
});

Deno.test("stabilizeTargets() gives the draw itself where there is little noise, and the mean of all where there is only noise", () => {
  const { batch, before, candidate } = drawn([7, 7], [0.9999, 1e-9]);
  for (let j = 0; j < EACH; j++) {
    assertAlmostEquals(batch.latents.data[j]!, before.latents[j]!, 1e-6);
    assertAlmostEquals(batch.noise.data[j]!, before.noise[j]!, 1e-4);
    const values = Array.from({ length: DRAWS }, (_, draw) => candidate(1, draw)[j]!);
    const mean = values.reduce((a, b) => a + b) / DRAWS;
    assertAlmostEquals(batch.latents.data[EACH + j]!, mean, 1e-3);
  }
});

Deno.test("stabilizeTargets() leaves a batch of images that were drawn once as it is", () => {
  const [latents, noise] = [[1, -2, 3], [0.5, 0.25, -1]].map((values) =>
    tensor("float32", [1, 1, 1, 3], Float32Array.from(values))
  );
  const mean = tensor("float32", [1, 1, 1, 3], new Float32Array(3));
  const batch = { latents: latents!, noise: noise!, mixtures: [mixtureOf(0.25)] };
  stabilizeTargets(batch, { mean, draws: 1, scale: 1 }, [0]);
  assertEquals(Array.from(latents!.data), [1, -2, 3]);
  noise!.data.forEach((value, i) => assertAlmostEquals(value, [0.5, 0.25, -1][i]!, 1e-6));
});

Deno.test("stabilizeTargets() has targets that scatter less where there is almost only noise", () => {
  const rows = Array.from({ length: 40 }, (_, i) => i % DRAWS * IMAGES);
  const { batch, before } = drawn(rows, rows.map(() => 1e-4));
  const variance = (values: Float32Array) => {
    const each = Array.from(rows, (_, i) => values[i * EACH]!);
    const mean = each.reduce((a, b) => a + b) / each.length;
    return each.reduce((sum, value) => sum + (value - mean) ** 2, 0) / each.length;
  };
  const [stable, single] = [variance(batch.latents.data), variance(before.latents)];
  assert(stable < 0.01 * single, `stable targets scatter by ${stable}, single draws by ${single}`);
});
