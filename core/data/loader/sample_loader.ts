/**
 * Loading of single samples: read, prepare, and what happens to those that cannot be read.
 *
 * @module
 */
import type { ImageSource } from "../dataset.ts";
import { readSource } from "../decode/decode_source.ts";
import { UnreadableImageError } from "../decode/unreadable_image_error.ts";
import { type Limiter, limitParallel } from "./limit_parallel.ts";
import type { LoaderOptions, LoaderStatistics } from "./options.ts";
import type { PreparedView, SampleInput, SampleJob, ViewPlan } from "./prepare_sample.ts";
import { openPreparer, type Preparer } from "./preparer.ts";

/** The sources of a sample's views. */
export interface SampleSources {
  /** Each is decoded once. */
  readonly sources: readonly ImageSource[];
  /** For each view, which of the sources it is cut from. */
  readonly sourceOfView: readonly number[];
}

async function readInput(source: ImageSource, epoch: number): Promise<SampleInput> {
  if (source.kind === "rendered") return { kind: "rendered", image: await source.render(epoch) };
  return { kind: "encoded", name: source.name, bytes: await readSource(source) };
}

/** Loads samples in parallel, and keeps account of those that cannot be read. */
export class SampleLoader implements Disposable {
  readonly #options: LoaderOptions;
  readonly #statistics: LoaderStatistics;
  readonly #preparer: Preparer;
  readonly #limit: Limiter;
  readonly #unreadable: Map<string, string>;
  readonly #reduce: boolean;
  #closed = false;

  /** @param reduce whether files may be decoded at a reduced scale */
  constructor(options: LoaderOptions, statistics: LoaderStatistics, reduce: boolean) {
    this.#options = options;
    this.#statistics = statistics;
    this.#preparer = openPreparer(options.workers ?? 0);
    this.#limit = limitParallel(this.#preparer.parallel);
    this.#unreadable = options.unreadable ?? new Map();
    this.#reduce = reduce;
  }

  /**
   * Loads the views of one sample; undefined if one of its sources cannot be read.
   *
   * @throws {UnreadableImageError} if a source cannot be read and the loader is strict
   */
  load(
    { sources, sourceOfView }: SampleSources,
    plan: ViewPlan,
    epoch: number,
  ): Promise<PreparedView[] | undefined> {
    return this.#limit(async () => {
      this.#requireOpen();
      const known = sources.find(({ name }) => this.#unreadable.has(name));
      if (known !== undefined) {
        const reason = this.#unreadable.get(known.name)!;
        return this.#skip(new UnreadableImageError(known.name, reason));
      }
      try {
        const inputs = await Promise.all(sources.map((source) => readInput(source, epoch)));
        this.#requireOpen();
        const job: SampleJob = { inputs, inputOfView: sourceOfView, plan, reduce: this.#reduce };
        const views = await this.#preparer.prepare(job);
        this.#statistics.decoded += sources.length;
        return views;
      } catch (error) {
        if (error instanceof UnreadableImageError) return this.#skip(error);
        throw error;
      }
    });
  }

  /** Whether a source turned out to be unreadable. */
  isUnreadable(source: ImageSource): boolean {
    return this.#unreadable.has(source.name);
  }

  /** Loading that is still waiting for its turn when the iteration ends is given up. */
  #requireOpen(): void {
    if (this.#closed) throw new DOMException("The loader was closed", "AbortError");
  }

  #skip(error: UnreadableImageError): undefined {
    if (this.#options.strict) throw error;
    this.#statistics.skipped++;
    if (this.#unreadable.has(error.source)) return;
    this.#unreadable.set(error.source, error.reason);
    this.#options.onWarning?.(`Skipped the image "${error.source}": ${error.reason}`);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#preparer[Symbol.dispose]();
  }
}

/** Awaits all of several loads, and only then fails if one of them did: nothing is left running behind. */
export async function settleAll<T>(loads: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(loads);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
