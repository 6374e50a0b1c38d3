/**
 * Tensors of the blocked layout of ONNX Runtime's CPU kernels, whose arithmetic by channel waits until it can be done in
 * one pass over the tensor.
 *
 * @module
 */
import type { Shape } from "../graph/shape.ts";
import { filled } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { blockedAffine } from "../ops/convolution/blocked_layout.ts";
import { mul } from "../ops/mul.ts";
import { reshape } from "../ops/reshape.ts";

/** Terms from which a sum is computed before it is added to another: what is summed twice would double otherwise. */
const MANY_TERMS = 4;

/** A tensor of the blocked layout, by a factor for each channel `[C]`. */
interface Term {
  readonly x: Value;
  readonly scale?: Value | undefined;
}

function product(a: Value | undefined, b: Value): Value {
  return a === undefined ? b : mul(a, b);
}

function sum(a: Value | undefined, b: Value | undefined): Value | undefined {
  return a === undefined || b === undefined ? a ?? b : add(a, b);
}

function ones({ dtype, shape }: Value): Value {
  return constant(filled(dtype, [shape[1]!], 1));
}

/**
 * A sum of tensors `[N, C, H, W]` of the blocked layout, each by a factor for each channel, and an offset for each
 * channel, in the end perhaps in another shape: samples that were channels of fewer ones.
 */
export class BlockedTensor {
  readonly #terms: readonly Term[];
  readonly #offset: Value | undefined;
  /** The shape in the end, where it is not the terms'. */
  readonly #shape: Shape | undefined;
  #value: Value | undefined;

  private constructor(terms: readonly Term[], offset?: Value, shape?: Shape) {
    this.#terms = terms;
    this.#offset = offset;
    this.#shape = shape;
  }

  /** A tensor that is there. */
  static of(x: Value): BlockedTensor {
    return new BlockedTensor([{ x }]);
  }

  /** The same by few terms of its own shape; computed already if it has been asked for. */
  get #current(): BlockedTensor {
    const computed = this.#value !== undefined || this.#shape !== undefined ||
      this.#terms.length >= MANY_TERMS;
    return computed ? BlockedTensor.of(this.value()) : this;
  }

  /** This tensor times a factor for each channel `[C]`. */
  times(scale: Value): BlockedTensor {
    const current = this.#current;
    const terms = current.#terms.map((term) => ({ x: term.x, scale: product(term.scale, scale) }));
    return new BlockedTensor(terms, current.#offset && mul(current.#offset, scale));
  }

  /** This tensor plus an offset for each channel `[C]`. */
  shifted(offset: Value): BlockedTensor {
    const current = this.#current;
    return new BlockedTensor(current.#terms, sum(current.#offset, offset));
  }

  /** This tensor plus another one of its shape. */
  plus(other: BlockedTensor): BlockedTensor {
    const shape = this.#waits ? this.#shape : other.#waits ? other.#shape : undefined;
    if (shape === undefined) {
      const [a, b] = [this.#current, other.#current];
      return new BlockedTensor([...a.#terms, ...b.#terms], sum(a.#offset, b.#offset));
    }
    const [waiting, made] = this.#waits ? [this, other] : [other, this];
    const x = reshape(made.value(), waiting.#terms[0]!.x.shape);
    return new BlockedTensor([...waiting.#terms, { x }], waiting.#offset, shape);
  }

  /** This tensor in another shape with the same positions, whose channels are whole blocks. */
  regrouped(shape: Shape): BlockedTensor {
    return this.#waits && this.#shape === undefined
      ? new BlockedTensor(this.#terms, this.#offset, shape)
      : BlockedTensor.of(reshape(this.value(), shape));
  }

  /** The tensor, computed once. */
  value(): Value {
    this.#value ??= this.#compute(false);
    return this.#value;
  }

  /** The larger of each element and zero; nothing where that would be a pass of its own. */
  relu(): Value | undefined {
    return this.#waits ? this.#compute(true) : undefined;
  }

  /** Whether there is arithmetic by channel that has not been done. */
  get #waits(): boolean {
    return this.#value === undefined &&
      (this.#offset !== undefined || this.#terms.some(({ scale }) => scale !== undefined));
  }

  #compute(relu: boolean): Value {
    const scaled = this.#terms.filter(({ scale }) => scale !== undefined);
    const bare = this.#terms.filter(({ scale }) => scale === undefined).map(({ x }) => x);
    // An offset needs a factor to go with.
    if (scaled.length === 0 && this.#offset !== undefined) {
      const x = bare.pop()!;
      scaled.push({ x, scale: ones(x) });
    }
    const start = bare.length === 0 ? undefined : bare.reduce((a, b) => add(a, b));
    const made = scaled.reduce<Value | undefined>((before, { x, scale }, i) => {
      const last = i === scaled.length - 1;
      return blockedAffine({
        ...{ x, scale: scale!, sum: before },
        ...(last && { offset: this.#offset, relu }),
      });
    }, start)!;
    return this.#shape === undefined ? made : reshape(made, this.#shape);
  }
}
