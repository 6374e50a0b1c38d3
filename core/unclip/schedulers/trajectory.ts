/**
 * The way from noise to a sample, on the host.
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

/**
 * A sample on its way, from the initial noise on. Sums are taken in float64.
 *
 * ```ts
 * import { Trajectory } from "./trajectory.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const step = {
 *   timestep: 1,
 *   remembered: { sample: 0, output: 1 },
 *   next: { sample: 2, remembered: [-1] },
 *   corrects: false,
 * };
 * const trajectory = new Trajectory([step], Float32Array.of(1, 3));
 * trajectory.advance(Float32Array.of(1, 1));
 * assertEquals(trajectory.sample, Float32Array.of(1, 5));
 * ```
 */
export class Trajectory {
  readonly #plan: readonly SchedulerStep[];
  readonly #longest: number;
  #sample: Float32Array<ArrayBuffer>;
  /** The sample that the call before started from. */
  #previous: Float32Array<ArrayBuffer>;
  /** Newest first. */
  #remembered: readonly Float32Array[] = [];
  #call = 0;

  /**
   * @param plan the calls of a scheduler
   * @param noise where the way begins; it is not written to
   */
  constructor(plan: readonly SchedulerStep[], noise: Float32Array<ArrayBuffer>) {
    this.#plan = plan;
    this.#longest = Math.max(...plan.map(({ next }) => next.remembered.length));
    this.#sample = noise;
    this.#previous = noise;
  }

  /** What the network is given next; in the end, the result. */
  get sample(): Float32Array<ArrayBuffer> {
    return this.#sample;
  }

  /** The call that is due, undefined in the end. */
  get due(): SchedulerStep | undefined {
    return this.#plan[this.#call];
  }

  /**
   * Goes on by what the network made of the sample at the timestep that was due.
   *
   * @throws {RangeError} if no call was due, or the output has another length than the sample
   */
  advance(output: Float32Array): void {
    const step = this.due;
    if (step === undefined || output.length !== this.#sample.length) {
      throw new GenviewRangeError(
        `Cannot advance a trajectory of ${this.#plan.length} calls and ${this.#sample.length} ` +
          `numbers: found output ${this.#call + 1} of ${output.length} numbers`,
      );
    }
    const { remembered, next, corrects } = step;
    const start = corrects ? this.#previous : this.#sample;
    const told = remembered.sample === 0 && remembered.output === 1
      ? output.slice()
      : combine([[remembered.sample, this.#sample], [remembered.output, output]]);
    const known = [told, ...this.#remembered];
    this.#previous = this.#sample;
    this.#sample = combine([
      [next.sample, start],
      ...next.remembered.map((factor, i) => [factor, known[i]!] as const),
    ]);
    if (!corrects) this.#remembered = known.slice(0, this.#longest);
    this.#call++;
  }
}
