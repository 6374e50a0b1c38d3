/**
 * A pass over images that computes their foreground ratios.
 *
 * @module
 */
import type { Dataset } from "../data/mod.ts";
import { TokenEncoder, type TokenNetwork } from "../encoders/token_encoder.ts";
import { finiteRows } from "../engine/graph/finite.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { Placement } from "../engine/ort/mod.ts";
import { encodeDataset, FeatureFiles, tokenScores } from "../masking/mod.ts";
import { type ForegroundDivision, ratiosOf } from "./foreground_division.ts";
import type { RatioEvent } from "./ratio_event.ts";
import type { RatioFile } from "./ratio_file.ts";
import { fitsRatioLine, type RatioLine } from "./ratio_lines.ts";

/** Images without features that a warning names. */
const NAMED = 5;

/** How a pass runs. */
export interface RatioRun extends Placement {
  /** Images whose ratios are written at a time, and in a run of the network. */
  readonly batchSize: number;
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A pass over images that have no ratio yet. */
export class RatioPass {
  /** Images that have no features, cannot be read, or whose scores are not finite. */
  without = 0;
  /** Keys that cannot be written. */
  readonly refused: string[] = [];
  readonly #dataset: Dataset;
  readonly #division: ForegroundDivision;
  readonly #file: RatioFile;
  readonly #report: (event: RatioEvent) => void;
  #done = 0;

  constructor(
    dataset: Dataset,
    division: ForegroundDivision,
    file: RatioFile,
    report: (event: RatioEvent) => void = () => {},
  ) {
    this.#dataset = dataset;
    this.#division = division;
    this.#file = file;
    this.#report = report;
  }

  /** Ratios from stored features. */
  async fromFeatures(folder: string, { batchSize, signal }: RatioRun): Promise<void> {
    const { component } = this.#division;
    const files = new FeatureFiles(folder);
    this.#tell();
    let lines: RatioLine[] = [];
    for (let i = 0; i < this.#dataset.length && !signal?.aborted; i++) {
      const { key } = this.#dataset.sample(i);
      const tokens = await files.find(key, component.length);
      if (tokens === undefined) {
        const warned = this.without < NAMED;
        this.#skip(warned ? `no features of ${key}: ${files.path(key)}` : undefined);
      } else {
        const { data } = tokenScores(tokens, component);
        const scores = tensor("float32", [1, data.length], data);
        lines.push(...this.#ratiosOf([key], scores));
      }
      if (lines.length >= batchSize) {
        await this.#append(lines);
        lines = [];
      }
      this.#tell();
    }
    await this.#append(lines);
  }

  /** Ratios from images. */
  async fromImages(network: TokenNetwork, run: RatioRun): Promise<void> {
    const { device, threads, workers, signal, batchSize } = run;
    using encoder = await TokenEncoder.create(network, {
      batchSize,
      device,
      threads,
      component: this.#division.component,
    });
    const onWarning = (message: string) => this.#skip(message);
    // From here on time counts: what follows is the work, and no loading.
    this.#tell();
    const options = { batchSize, workers, signal, onWarning };
    for await (const { keys, encoded } of encodeDataset(encoder, this.#dataset, options)) {
      await this.#append(this.#ratiosOf(keys, encoded));
      this.#tell();
    }
  }

  /** Ratios of images from their scores, float32 `[N, P]`; a NaN would count as background. */
  #ratiosOf(keys: readonly string[], scores: Tensor<"float32">): RatioLine[] {
    const ratios = ratiosOf(scores, this.#division);
    const finite = finiteRows(scores);
    return keys.flatMap((path, i) => {
      if (finite[i]) {
        this.#done++;
        return [{ path, ratio: ratios[i]! }];
      }
      this.#skip(
        `no ratio of ${path}: its scores must be finite, found NaN or infinity; check the network's weights`,
      );
      return [];
    });
  }

  /** Appends what can be written as lines. */
  async #append(lines: readonly RatioLine[]): Promise<void> {
    const fitting = lines.filter(({ path }) => fitsRatioLine(path));
    for (const { path } of lines) {
      if (fitsRatioLine(path)) continue;
      this.refused.push(path);
      const name = JSON.stringify(path);
      const message =
        `no ratio of ${name}: a path must be one line without white space at its ends`;
      this.#report({ kind: "warning", message });
    }
    await this.#file.append(fitting);
  }

  #skip(message: string | undefined): void {
    this.without++;
    this.#done++;
    if (message !== undefined) this.#report({ kind: "warning", message });
  }

  #tell(): void {
    const total = this.#dataset.length;
    this.#report({ kind: "progress", done: this.#done, total, without: this.without });
  }
}
