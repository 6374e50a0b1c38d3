/**
 * The covariance of more tokens than memory holds.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { withTarget } from "../engine/graph/target.ts";
import { formatType, type Tensor, zeros } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { add } from "../engine/ops/add.ts";
import { cast } from "../engine/ops/cast.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { sub } from "../engine/ops/sub.ts";
import { type Binding, CPU, type Device, DeviceTensor, Session } from "../engine/ort/mod.ts";

/** Tokens in one product on the device. */
export const COVARIANCE_ROWS = 1024;

/** Half the distance of 1 to the next float32. */
const UNIT_ROUNDOFF = 2 ** -24;

/** Mean and covariance of N tokens of D features. */
export interface Covariance {
  /** N. */
  readonly count: number;
  /** μ = Σ x / N, D numbers. */
  readonly mean: Float64Array<ArrayBuffer>;
  /** C = Σ (x − μ)(x − μ)ᵀ / (N − 1), D rows of D numbers; symmetric. */
  readonly covariance: Float64Array<ArrayBuffer>;
  /** Mean of (x − s)² for each feature, where s is the mean of the first tokens: what the error is bounded by. */
  readonly spread: Float64Array<ArrayBuffer>;
}

/**
 * How far a covariance can be from that in exact arithmetic, entry by entry:
 *
 *   |Ĉᵢⱼ − Cᵢⱼ| ≤ 4 γ √(Sᵢ Sⱼ) N / (N − 1),   γ = k u / (1 − k u),   k = rows + 2,   u = 2⁻²⁴
 *
 * where S is the spread. One product of `rows` shifted tokens in float32 is off by at most γ Σ |yᵢ yⱼ| in whichever order
 * it is summed (Higham 2002, equation 3.13; 2 for the rounding of both y), the sum of which over all tokens is at most
 * γ N √(Sᵢ Sⱼ) by Cauchy and Schwarz; the mean that is subtracted adds at most 2 + γ times as much; and what adding in float64
 * adds is below a thousandth. It does not grow with N, for products are added in float64.
 *
 * @param rows tokens in one product
 */
export function covarianceErrorBound(
  { spread, count }: Pick<Covariance, "spread" | "count">,
  i: number,
  j: number,
  rows: number = COVARIANCE_ROWS,
): number {
  const steps = (rows + 2) * UNIT_ROUNDOFF;
  const gamma = steps / (1 - steps);
  return 4 * gamma * Math.sqrt(spread[i]! * spread[j]!) * count / (count - 1);
}

/** Tensors of an accumulator where it runs. */
interface Buffers {
  readonly tokens: DeviceTensor<"float32">;
  readonly shift: DeviceTensor<"float32">;
  readonly products: DeviceTensor<"float64">;
  readonly sums: DeviceTensor<"float64">;
}

/** The model that adds a product of tokens to a sum: float32 `[rows,D]` tokens, float64 sums. */
export function encodeAccumulation(width: number, rows: number): Uint8Array<ArrayBuffer> {
  const tokens = input("tokens", "float32", [rows, width]);
  const shift = input("shift", "float32", [1, width]);
  const products = input("products", "float64", [width, width]);
  const sums = input("sums", "float64", [width]);
  const shifted = sub(tokens, shift);
  const product = matMul(shifted, shifted, { transposeA: true });
  return encodeModel({
    inputs: [tokens, shift, products, sums],
    outputs: {
      "products/new": add(products, cast(product, "float64")),
      "sums/new": add(sums, cast(reduceSum(shifted, { axes: [0] }), "float64")),
    },
  });
}

/**
 * Adds up tokens to their covariance on a device: products of {@linkcode COVARIANCE_ROWS} tokens in float32, their sum in
 * float64. Tokens are shifted by the mean of the first ones, so that little is lost where features are far from zero.
 * Memory depends on D alone: 8 D² bytes for the sum, 4 D² for a product, twice 4 D · rows for the tokens.
 */
export class CovarianceAccumulator implements Disposable {
  readonly #owned: DisposableStack;
  readonly #binding: Binding;
  readonly #buffers: Buffers;
  readonly #width: number;
  readonly #rows: number;
  readonly #pending: Float32Array<ArrayBuffer>;
  #filled = 0;
  #count = 0;
  #shift: Float32Array<ArrayBuffer> | undefined;

  private constructor(owned: DisposableStack, buffers: Buffers, binding: Binding) {
    this.#owned = owned;
    this.#buffers = buffers;
    this.#binding = binding;
    [this.#rows, this.#width] = buffers.tokens.type.shape as [number, number];
    this.#pending = new Float32Array(this.#rows * this.#width);
  }

  /**
   * Loads the graph that adds.
   *
   * @param width features of a token
   * @param options.rows tokens in one product: fewer make the error's bound tighter and the work slower
   */
  static async create(
    width: number,
    { device = CPU, threads, rows = COVARIANCE_ROWS }: {
      readonly device?: Device;
      readonly threads?: number | undefined;
      readonly rows?: number;
    } = {},
  ): Promise<CovarianceAccumulator> {
    using owned = new DisposableStack();
    const session = owned.use(
      await Session.create(
        withTarget({ provider: device.provider }, () => encodeAccumulation(width, rows)),
        { device, threads },
      ),
    );
    const own = <D extends "float32" | "float64">(dtype: D, shape: readonly number[]) => {
      const value = owned.use(DeviceTensor.empty({ dtype, shape }, device));
      value.write(zeros(dtype, shape));
      return value;
    };
    const buffers: Buffers = {
      tokens: own("float32", [rows, width]),
      shift: own("float32", [1, width]),
      products: own("float64", [width, width]),
      sums: own("float64", [width]),
    };
    const binding = owned.use(session.bind({ ...buffers }, {
      "products/new": buffers.products,
      "sums/new": buffers.sums,
    }));
    return new CovarianceAccumulator(owned.move(), buffers, binding);
  }

  /**
   * Adds tokens. One call must end before the next.
   *
   * @param tokens float32 `[..., D]`
   * @throws {RangeError} if they have another number of features, or one that is not finite
   */
  async add(tokens: Tensor<"float32">): Promise<void> {
    const width = this.#width;
    if (tokens.shape.at(-1) !== width) {
      throw new GenviewRangeError(
        `Cannot add tokens ${formatType(tokens)} to a covariance: they must have ${width} features`,
      );
    }
    const wrong = tokens.data.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      throw new GenviewRangeError(
        `Cannot add tokens to a covariance: features must be finite, found ${tokens.data[wrong]}`,
      );
    }
    for (let at = 0; at < tokens.data.length;) {
      const part = tokens.data.subarray(at, at + (this.#rows - this.#filled) * width);
      this.#pending.set(part, this.#filled * width);
      this.#filled += part.length / width;
      at += part.length;
      if (this.#filled === this.#rows) await this.#flush();
    }
  }

  /** The mean of the pending tokens, by which all are shifted. */
  #setShift(): Float32Array<ArrayBuffer> {
    const width = this.#width;
    const shift = new Float32Array(width);
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let row = 0; row < this.#filled; row++) sum += this.#pending[row * width + i]!;
      shift[i] = sum / this.#filled;
    }
    const { type } = this.#buffers.shift;
    this.#buffers.shift.write({ ...type, data: shift });
    return shift;
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    const shift = this.#shift ??= this.#setShift();
    // Rows that are the shift itself add exactly nothing.
    for (let row = this.#filled; row < this.#rows; row++) {
      this.#pending.set(shift, row * this.#width);
    }
    const { type } = this.#buffers.tokens;
    this.#buffers.tokens.write({ ...type, data: this.#pending });
    await this.#binding.run();
    this.#count += this.#filled;
    this.#filled = 0;
  }

  /**
   * The covariance of all tokens so far; more may be added afterwards.
   *
   * @throws {RangeError} if there are fewer than two tokens
   */
  async finish(): Promise<Covariance> {
    await this.#flush();
    const [width, count] = [this.#width, this.#count];
    if (count < 2) {
      throw new GenviewRangeError(
        `Cannot compute a covariance: it takes two tokens, found ${count}`,
      );
    }
    const offsets = this.#buffers.sums.read().data.map((sum) => sum / count);
    const covariance = this.#buffers.products.read().data;
    const spread = Float64Array.from(
      { length: width },
      (_, i) => covariance[i * (width + 1)]! / count,
    );
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) {
        // The two halves of a product may differ in their last digit.
        const product = (covariance[i * width + j]! + covariance[j * width + i]!) / 2;
        const value = (product - count * offsets[i]! * offsets[j]!) / (count - 1);
        covariance[i * width + j] = covariance[j * width + i] = value;
      }
    }
    return {
      count,
      mean: offsets.map((offset, i) => this.#shift![i]! + offset),
      covariance,
      spread,
    };
  }

  /** Releases the session and its buffers. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
