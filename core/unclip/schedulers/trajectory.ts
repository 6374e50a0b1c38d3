/**
 * The denoising trajectory from noise to a sample, on the host.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { SchedulerStep } from "./scheduler.ts";

/** A sum of multiples of arrays of one length. */
function combine(parts: readonly (readonly [factor: number, values: Float32Array])[]) {
  const sum = new Float32Array(parts[0]![1].length);
  const used = parts.filter(([factor]) => factor !== 0);
  for (let i = 0; i < sum.length; i++) {
    let total = 0;
    for (const [factor, values] of used) total += factor * values[i]!;
    sum[i] = total;
  }
  return sum;
}

/** The value that is remembered of a call, as a copy. */
function rememberedOf(
  { remembered: { sample: ofSample, output: ofOutput, bound } }: SchedulerStep,
  sample: Float32Array,
  output: Float32Array,
): Float32Array {
  if (ofSample === 0 && ofOutput === 1) return output.slice();
  const sum = combine([[ofSample, sample], [ofOutput, output]]);
  return bound === undefined ? sum : sum.map((value) => Math.min(Math.max(value, -bound), bound));
}

/**
 * A sample that is denoised step by step. Sums are taken in float64.
 *
 * ```ts
 * import { Trajectory } from "./trajectory.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const step = {
 *   timestep: 1,
 *   remembered: { sample: 0, output: 1 },
 *   next: { sample: 2, remembered: [-1] },
 * };
 * const trajectory = new Trajectory([step], Float32Array.of(1, 3));
 * trajectory.advance(Float32Array.of(1, 1));
 * assertEquals(trajectory.sample, Float32Array.of(1, 5));
 * ```
 */
export class Trajectory {
  readonly #plan: readonly SchedulerStep[];
  /** Most calls that have to be remembered, and samples that have to be kept. */
  readonly #longest: { readonly remembered: number; readonly samples: number };
  /** Inputs of the network, newest first; the first is its next input. */
  #samples: readonly Float32Array<ArrayBuffer>[];
  /** Newest first. */
  #remembered: readonly Float32Array[] = [];
  #call = 0;

  /**
   * Begins at the noise.
   *
   * @param plan the calls of a scheduler
   * @param noise the initial sample; it is not written to
   */
  constructor(plan: readonly SchedulerStep[], noise: Float32Array<ArrayBuffer>) {
    const most = (of: (step: SchedulerStep) => number) => Math.max(...plan.map(of));
    this.#plan = plan;
    this.#longest = {
      remembered: most(({ next }) => next.remembered.length) + most(({ forgets = 0 }) => forgets),
      samples: most(({ next: { callsBack = 0 } }) => callsBack) + 1,
    };
    this.#samples = [noise];
  }

  /** The network's next input; in the end, the result. */
  get sample(): Float32Array<ArrayBuffer> {
    return this.#samples[0]!;
  }

  /** The call that is due, undefined in the end. */
  get due(): SchedulerStep | undefined {
    return this.#plan[this.#call];
  }

  /**
   * Takes the network's output for the sample at the timestep that was due.
   *
   * @throws {RangeError} if no call was due, or the output has another length than the sample
   */
  advance(output: Float32Array): void {
    const step = this.due;
    const { sample } = this;
    if (step === undefined || output.length !== sample.length) {
      throw new GenviewRangeError(
        `Cannot advance a trajectory of ${this.#plan.length} calls and ${sample.length} ` +
          `numbers: found output ${this.#call + 1} of ${output.length} numbers`,
      );
    }
    const { next, forgets = 0 } = step;
    const known = [rememberedOf(step, sample, output), ...this.#remembered];
    const following = combine([
      [next.sample, this.#samples[next.callsBack ?? 0]!],
      [next.output ?? 0, output],
      ...next.remembered.map((factor, i) => [factor, known[i]!] as const),
    ]);
    this.#samples = [following, ...this.#samples].slice(0, this.#longest.samples);
    this.#remembered = known.slice(forgets, this.#longest.remembered);
    this.#call++;
  }
}
