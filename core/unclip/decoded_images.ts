/**
 * Images of latents, and what goes wrong with some of them.
 *
 * @module
 */
import { finiteRows } from "../engine/graph/finite.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { type Tensor, zeros } from "../engine/graph/tensor.ts";
import type { Session } from "../engine/ort/mod.ts";
import { batchRows, gatherRows } from "./rows.ts";
import type { UnclipStage } from "./stage.ts";

/** Images, and what went wrong with some of them. */
export interface GeneratedImages {
  /** uint8 `[n, H, W, 3]`; those of failed rows are black. */
  readonly images: Tensor<"uint8">;
  /** Rows that have no image, by the first network whose output for them was not finite. */
  readonly failures: ReadonlyMap<number, UnclipStage>;
  /** Rows that were decoded again in float32, because the VAE overflowed in float16. */
  readonly widened: readonly number[];
}

/** The images of a batch, which decoders fill in. */
export class DecodedImages {
  readonly #images: Tensor<"uint8">;
  /** Rows that a decoder takes, and numbers of an image. */
  readonly #together: number;
  readonly #each: number;
  readonly #failures = new Map<number, UnclipStage>();
  readonly #widened: number[] = [];
  readonly #loadWide: (() => Promise<Session>) | undefined;

  /**
   * Begins with all images black.
   *
   * @param decoder any of those that will be used, which are all of one size
   * @param loadWide gives the decoder that computes in float32, unless all do
   */
  constructor(count: number, decoder: Session, loadWide: (() => Promise<Session>) | undefined) {
    const [together, ...shape] = decoder.outputs.find(({ name }) => name === "images")!.shape;
    this.#images = zeros("uint8", [count, ...shape]);
    this.#together = together!;
    this.#each = elementCount(shape);
    this.#loadWide = loadWide;
  }

  /** Leaves an image out, if no network has failed at it before. */
  fail(row: number, stage: UnclipStage): void {
    if (!this.#failures.has(row)) this.#failures.set(row, stage);
  }

  /**
   * Decodes images that follow each other, but for those at which a network has failed. Those at which the VAE overflows in
   * float16 are decoded again in float32.
   *
   * @param latents `[n, channels, H, W]`
   * @param first row of the batch that the first of them is
   */
  async decode(latents: Tensor<"float32">, first: number, decoder: Session): Promise<void> {
    const count = latents.shape[0]!;
    for (let start = 0; start < count; start += this.#together) {
      const given = gatherRows(latents, batchRows(start, this.#together, count));
      const rows = range(first + start, first + Math.min(count, start + this.#together))
        .filter((row) => !this.#failures.has(row));
      await this.#decodeSome(given, rows, first + start, decoder);
    }
  }

  /** Decodes the latents of some rows, of which the first is `start`. */
  async #decodeSome(
    latents: Tensor<"float32">,
    rows: readonly number[],
    start: number,
    decoder: Session,
  ): Promise<void> {
    if (rows.length === 0) return;
    const { images, check } = await decoder.run({ latents });
    const finite = finiteRows(check as Tensor<"float32">);
    for (const row of rows.filter((row) => finite[row - start])) {
      const at = (row - start) * this.#each;
      const pixels = (images!.data as Uint8Array).subarray(at, at + this.#each);
      this.#images.data.set(pixels, row * this.#each);
    }
    const others = rows.filter((row) => !finite[row - start]);
    if (others.length === 0) return;
    const wide = await this.#loadWide?.();
    if (wide === undefined || wide === decoder) {
      for (const row of others) this.fail(row, "VAE");
      return;
    }
    this.#widened.push(...others);
    await this.#decodeSome(latents, others, start, wide);
  }

  /** What has been decoded. */
  get result(): GeneratedImages {
    return {
      images: this.#images,
      failures: this.#failures,
      widened: this.#widened.toSorted((a, b) => a - b),
    };
  }
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
