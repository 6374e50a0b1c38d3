import { assert, assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { EmbeddingNoise } from "../../../core/unclip/embedding_noise.ts";
import type { NoiseScheduleConfig } from "../../../core/unclip/noise_schedule.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "./relative_error.ts";

const GOLDEN = new URL("../../../fixtures/golden/unclip_embedding_noise", import.meta.url).pathname;
const SCHEDULE: NoiseScheduleConfig = {
  trainTimesteps: 1000,
  betaSchedule: "squaredcos_cap_v2",
  betaStart: 0.0001,
  betaEnd: 0.02,
};

function noising(width: number): EmbeddingNoise {
  const statistics = {
    mean: hashedTensor(`${width}/mean`, [1, width]).data,
    std: hashedTensor(`${width}/std`, [1, width], 0.5, 1).data,
  };
  return new EmbeddingNoise(statistics, SCHEDULE);
}

function inputs(width: number, count = 2) {
  return {
    embeddings: hashedTensor(`${width}/embeddings`, [count, width], 3),
    noise: hashedTensor(`${width}/noise`, [count, width], 2),
  };
}

/** The embeddings, and the embeddings of their levels. */
function halves(labels: readonly number[], width: number) {
  const part = (first: number) => labels.filter((_, i) => Math.floor(i / width) % 2 === first);
  const [noisy, level] = [0, 1].map((first) => float32([labels.length / 2], part(first)));
  return { noisy: noisy!, level: level! };
}

Deno.test("EmbeddingNoise gives diffusers' class labels at all levels", async () => {
  const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
  const { widths, levels } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
  for (const width of widths) {
    for (const level of levels) {
      const found = noising(width).apply({ ...inputs(width), levels: level });
      const expected = tensors.get(`${width}/${level}`)!;
      assertEquals(found.shape, expected.shape);
      const [own, wanted] = [found, expected].map(({ data }) =>
        halves([...data].map(Number), width)
      );
      const error = relativeError(own!.noisy, wanted!.noisy);
      assert(error <= 1e-6, `width ${width}, level ${level}: embeddings differ by ${error}`);
      // Angles of up to 1000 in float32: the last bit of a frequency makes up for 6e-5.
      const wave = relativeError(own!.level, wanted!.level);
      assert(wave <= 1e-4, `width ${width}, level ${level}: its embedding differs by ${wave}`);
    }
  }
});

Deno.test("EmbeddingNoise takes a level for each image", () => {
  const width = 32;
  const apply = (levels: number | number[]) => noising(width).apply({ ...inputs(width), levels });
  const mixed = apply([100, 400]);
  assertEquals(mixed.data.slice(0, 2 * width), apply(100).data.slice(0, 2 * width));
  assertEquals(mixed.data.slice(2 * width), apply(400).data.slice(2 * width));
});

Deno.test("EmbeddingNoise refuses levels and shapes that do not fit", () => {
  const { embeddings, noise } = inputs(32);
  for (const levels of [-1, 1000, 0.5]) {
    assertThrows(
      () => noising(32).apply({ embeddings, noise, levels }),
      RangeError,
      `the level must be an integer in [0, 999], found ${levels}`,
    );
  }
  assertThrows(
    () => noising(32).apply({ embeddings, noise, levels: [1] }),
    RangeError,
    "Cannot noise 2 embeddings: each must have a level, found 1",
  );
  assertThrows(
    () => noising(16).apply({ embeddings, noise, levels: 1 }),
    RangeError,
    "must be [n,16], found float32[2,32] and float32[2,32]",
  );
});
