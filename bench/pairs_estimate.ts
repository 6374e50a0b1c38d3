/**
 * How long a comparison of pairs takes, by a few steps, an evaluation and a few variations that are measured. Nothing of
 * it is written to the comparison's folder.
 *
 * @module
 */
import { openEmoji } from "../core/data/emoji/mod.ts";
import { type Dataset, subset } from "../core/data/mod.ts";
import { generateVariations, openUnclip } from "../core/unclip/mod.ts";
import { train } from "../core/train/run/train.ts";
import { openRun } from "../core/train/run/open_run.ts";
import { judgeBackbone } from "./judge_backbone.ts";
import { cellConfiguration, type Comparison } from "./pairs_cell.ts";
import type { NamedCell } from "./pairs_cells.ts";

/** Steps of which the last ones are timed. */
const STEPS = 4;

/** Variations that are timed. */
const VARIATIONS = 4;

/** Seconds of what a comparison is made of. */
export interface MeasuredSeconds {
  /** A step of pretraining, with its images. */
  readonly step: number;
  /** The evaluation of a cell. */
  readonly evaluation: number;
  /** A call of the generator's networks for one image, by guidance twice that; 0 where no variation is made. */
  readonly call: number;
}

/** The data set again and again, until a few batches are full. */
function repeated(dataset: Dataset, count: number): Dataset {
  return subset(dataset, Array.from({ length: count }, (_, i) => i % dataset.length));
}

async function measureCell(comparison: Comparison): Promise<Omit<MeasuredSeconds, "call">> {
  const { method, judging, work } = comparison;
  const own = cellConfiguration({ partner: "image" }, 0, comparison);
  const configuration = { ...own, epochs: 1, warmupEpochs: 0 };
  const output = await Deno.makeTempDir();
  const ends: number[] = [];
  try {
    await train({
      ...{ method, configuration, output: `${output}/run`, signal: work.signal },
      dataset: repeated(judging[0], STEPS * configuration.batchSize),
      report: ({ kind }) => void (kind === "step" && ends.push(performance.now())),
    });
    work.signal.throwIfAborted();
    const { checkpoint } = await openRun(`${output}/run`);
    const began = performance.now();
    await judgeBackbone(checkpoint.model, configuration, judging, work);
    return {
      step: (ends.at(-1)! - ends[0]!) / 1000 / (ends.length - 1),
      evaluation: (performance.now() - began) / 1000,
    };
  } finally {
    await Deno.remove(output, { recursive: true });
  }
}

async function measureCall({ generator, emoji, work }: Comparison): Promise<number> {
  const { model, steps, guidance: guidanceScale, scheduler } = generator;
  const { device, threads, signal } = work;
  using pipeline = await openUnclip(model, { device, threads, steps, guidanceScale, scheduler });
  const images = await openEmoji("google", { size: emoji.emojiSize });
  const wanted = Array.from({ length: VARIATIONS + 1 }, (_, i) => {
    const { key, source } = images.sample(i);
    return { key, source, level: 0, index: 0 };
  });
  const ends: number[] = [];
  const options = { seed: 0, batchSize: 1, signal, onUnreadable() {}, onFailure() {} };
  for await (const _ of generateVariations(pipeline, wanted, options)) ends.push(performance.now());
  signal.throwIfAborted();
  // The first one is the warm-up.
  const each = (ends.at(-1)! - ends[0]!) / 1000 / (ends.length - 1);
  return each / (steps * (guidanceScale > 1 ? 2 : 1));
}

/** Measures what the cells are made of. */
export async function measure(
  cells: readonly NamedCell[],
  comparison: Comparison,
): Promise<MeasuredSeconds> {
  const generates = cells.some(({ partner }) => partner === "generated");
  return {
    ...await measureCell(comparison),
    call: generates ? await measureCall(comparison) : 0,
  };
}

/** How long the seeds of a cell take. */
export interface CellEstimate {
  readonly name: string;
  /** Minutes of training and evaluation of all seeds that are left. */
  readonly minutes: number;
  /** Minutes of variations that no cell before it has made, at most. */
  readonly variationMinutes: number;
}

/**
 * Estimates the cells, of which those that share variations make them once. Weights of pairs, which one more network
 * judges, and the extraction of features come on top.
 *
 * @param left seeds of a cell that are not done
 */
export function estimateCells(
  cells: readonly NamedCell[],
  { step, evaluation, call }: MeasuredSeconds,
  comparison: Pick<Comparison, "method" | "epochs" | "imageSize" | "work" | "files" | "generator">,
  left: (name: string) => number,
): CellEstimate[] {
  const { epochs, files: { dataset }, generator } = comparison;
  const { batchSize } = cellConfiguration({ partner: "image" }, 0, comparison);
  const training = epochs * Math.floor(dataset.length / batchSize) * step;
  const made = new Set<string>();
  return cells.map((cell) => {
    const { name, partner, level = "levels", variations = 1 } = cell;
    const { steps = generator.steps, guidance = generator.guidance } = cell;
    let calls = 0;
    for (let i = 0; partner === "generated" && left(name) > 0 && i < variations; i++) {
      const key = JSON.stringify([level, steps, guidance, i]);
      if (!made.has(key)) calls += dataset.length * steps * (guidance > 1 ? 2 : 1);
      made.add(key);
    }
    return {
      name,
      minutes: left(name) * (training + evaluation) / 60,
      variationMinutes: calls * call / 60,
    };
  });
}
