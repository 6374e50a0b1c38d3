import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withVariations } from "../../../../core/data/mod.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import type { PairEncoder } from "../../../../core/train/step/pair_weighting.ts";
import { readPairsRecord } from "../../../../core/train/run/pairs_record.ts";
import { train } from "../../../../core/train/run/train.ts";
import type { JudgedPairs, TrainEvent } from "../../../../core/train/run/train_event.ts";
import { PATCH_DIRECTION, patchMeans } from "../patch_means.ts";
import { noise, options, SIZE, stopAfter } from "../small_run.ts";
import { finalState } from "./final_state.ts";
import { inFolder } from "../../../in_folder.ts";

Deno.test("train() cuts views from variations, tells the coverage, logs their share, and resumes bit for bit", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const [images, others] = [noise(24), noise(48)];
    // Every third image has none.
    const paths = Array.from({ length: 24 }, (_, i) => `noise ${i}.png`)
      .filter((_, i) => i % 3 > 0);
    const source = (path: string) => others.sample(24 + Number(/\d+/.exec(path))).source;
    const dataset = withVariations(images, { name: "others", paths, source });
    const given = (output: string) => ({
      ...options(output, { epochs: 2, variationProbability: 0.75, variationViews: [1] }),
      dataset,
    });
    const coverage: unknown[] = [];
    const report = (event: TrainEvent) => {
      if (event.kind === "start") coverage.push(event.coverage);
    };
    await train({ ...given(whole), report });
    assertEquals(coverage, [{ matched: 16, total: 24, samplesByCount: [8, 16] }]);
    const shares = (await readJsonLines(join(whole, "steps.jsonl")))
      .map(({ generatedViews }) => Number(generatedViews));
    // Two epochs of three steps of eight pairs; of 16 views of 48 in an epoch three quarters are expected.
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assertEquals(shares.length, 6);
    assert(Math.abs(mean - 0.75 * 16 / 48) < 0.08, `found shares ${shares}`);

    await train({ ...given(parts), ...stopAfter(4) });
    await train({ ...given(parts), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
  }));

Deno.test("train() cuts both views from variations of one image, and resumes bit for bit", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const [images, others] = [noise(24), noise(72)];
    // One image has three variations, the next one, the third none.
    const paths = Array.from({ length: 24 }, (_, i) => i)
      .flatMap((i) => [[0, 1, 2], [0], []][i % 3]!.map((k) => `noise ${i}/${k}.png`));
    const source = (path: string) => {
      const [image, variation] = path.match(/\d+/g)!.map(Number) as [number, number];
      return others.sample((3 * image + variation) % 72).source;
    };
    const dataset = withVariations(images, { name: "others", paths, source });
    assertEquals(dataset.coverage?.samplesByCount, [8, 8, 0, 8]);
    const given = (output: string) => ({
      ...options(output, { epochs: 2, variationsPerImage: 2 }),
      dataset,
    });
    await train(given(whole));
    const shares = (await readJsonLines(join(whole, "steps.jsonl")))
      .map(({ generatedViews }) => Number(generatedViews));
    // Of two views of three images in turn, both are of variations, one is, and none is.
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assertEquals([shares.length, mean], [6, 0.5]);
    await train({ ...given(parts), ...stopAfter(4) });
    await train({ ...given(parts), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
  }));

/** A network that looks at means of patches, as pairs are weighted by. */
function pairEncoder(sharpness: number): PairEncoder {
  return { network: patchMeans(SIZE), component: PATCH_DIRECTION, sharpness };
}

Deno.test("train() weights pairs by an encoder, draws them every epoch, and resumes bit for bit", () =>
  inFolder(async (folder) => {
    const [plain, flat, weighed, parts] = ["plain", "flat", "weighed", "parts"].map((name) =>
      join(folder, name)
    ) as [string, string, string, string];
    const short = (output: string) => options(output, { epochs: 2 });
    await train(short(plain));
    await train({ ...short(flat), pairEncoder: pairEncoder(0) });
    // Weights of 1 change nothing.
    assertEquals(await finalState(flat), await finalState(plain));

    const shown: JudgedPairs[] = [];
    const report = (event: TrainEvent) => void (event.kind === "pairs" && shown.push(event));
    await train({
      ...options(weighed, { epochs: 2, vis: 3 }),
      pairEncoder: pairEncoder(20),
      report,
    });
    const pictures = [...Deno.readDirSync(join(weighed, "pairs"))].map(({ name }) => name).sort();
    assertEquals(pictures, ["epoch-0.json", "epoch-0.png", "epoch-1.json", "epoch-1.png"]);
    const recorded = await readPairsRecord(join(weighed, "pairs/epoch-1.json"));
    assertEquals(
      recorded!.pairs.map(({ foreground, background, weight }) => [foreground, background, weight]),
      Array.from(
        shown[1]!.weights,
        (weight, i) => [shown[1]!.foreground[i], shown[1]!.background[i], weight],
      ),
    );
    const lossesOf = async (folder: string) =>
      (await readJsonLines(join(folder, "steps.jsonl"))).map(({ loss }) => Number(loss));
    const [even, uneven] = [await lossesOf(plain), await lossesOf(weighed)];
    assert(even.every((loss, i) => loss !== uneven[i]), `losses ${even} and ${uneven}`);
    assertEquals(shown.map(({ epoch }) => epoch), [0, 1]);
    assertEquals(shown[0]!.pictures.map(({ shape }) => shape), [[3, 32, 32, 3], [3, 32, 32, 3]]);
    const [step] = await readJsonLines(join(weighed, "steps.jsonl"));
    const largest = Number(step!["largestPairWeight"]);
    assert(largest > 1 && largest <= 8, `the largest weight is ${largest}`);
    assertEquals(largest, shown[0]!.weights.reduce((most, x) => Math.max(most, x)));

    const encoder = pairEncoder(20);
    await train({ ...short(parts), pairEncoder: encoder, ...stopAfter(4) });
    await train({ ...short(parts), pairEncoder: encoder, resume: "latest" });
    assertEquals(await finalState(parts), await finalState(weighed));
  }));
