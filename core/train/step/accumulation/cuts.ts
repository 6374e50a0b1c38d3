/**
 * A method applied twice: to a micro-batch, networks and all, and to the whole batch, where what each network gives is an
 * input. Where the second takes over from the first is a cut.
 *
 * Source: Gao et al. 2021 (GradCache), arXiv 2101.06983, section 3.2, for any number of networks.
 *
 * @module
 */
import { currentRanks } from "../../../engine/graph/target.ts";
import { input, type Value } from "../../../engine/graph/value.ts";
import { allGather } from "../../../engine/ops/all_gather.ts";
import { reshape } from "../../../engine/ops/reshape.ts";
import { transpose } from "../../../engine/ops/transpose.ts";
import type { Permutation } from "../../../method/method.ts";
import type { Applications } from "../applications.ts";
import { makePermutation, type PermutationInputs } from "../permutation.ts";
import { notInParts } from "./refusal.ts";
import type { BatchSizes, Counterparts } from "./sample_rows.ts";

/** One application of a part of a network, in both graphs. */
export interface Application {
  /** The part's name, such as `projector`. */
  readonly part: string;
  /** What it is applied to. */
  readonly read: Counterparts;
  /** What it gives: in the graph of the whole batch, of all processes. */
  readonly given: Counterparts;
  /** What it gives of this process's part of the batch, by which the graph of the whole batch reads it. */
  readonly own: Value;
}

/** A view in the order of a permutation of the whole batch. */
export interface ShuffledView extends Counterparts {
  /** The permutation. */
  readonly permutation: string;
  /** Index of the view. */
  readonly view: number;
}

/** Name of the input by which the whole batch takes over what the n-th application gives. */
export const cutName = (index: number): string => `cut.${index}`;

/** Name of a view in the order of a permutation. */
export const shuffledViewName = (permutation: string, view: number): string =>
  `shuffled.${permutation}.views.${view}`;

/** One of the applications, as the graph of a micro-batch has it. */
interface Recorded {
  readonly part: string;
  readonly read: Value;
  readonly given: Value;
}

/** Views that are shuffled, in one of the graphs. */
interface Shuffled {
  readonly permutation: string;
  readonly view: number;
  readonly value: Value;
}

/** Networks applied to a micro-batch, and what they were applied to. */
export class MicroApplications implements Applications {
  /** In order. */
  readonly recorded: Recorded[] = [];
  /** By the names of their inputs. */
  readonly shuffled: Map<string, Shuffled> = new Map();
  readonly #viewOf: (value: Value) => number | undefined;
  readonly #shuffled: ((permutation: string, view: Value) => Value) | undefined;

  /**
   * @param viewOf the index of a view, if a value is one
   * @param shuffled this part of a view in the order of a permutation of the whole batch; an input when left out
   */
  constructor(
    viewOf: (value: Value) => number | undefined,
    shuffled?: (permutation: string, view: Value) => Value,
  ) {
    this.#viewOf = viewOf;
    this.#shuffled = shuffled;
  }

  /** Applies the part, and remembers it. */
  network(part: string, x: Value, apply: () => Value): Value {
    const given = apply();
    this.recorded.push({ part, read: x, given });
    return given;
  }

  /** Shuffled views are by themselves, since a sample may come from another part of the batch. */
  permutation(permutation: string, inputs: PermutationInputs): Permutation {
    const within = makePermutation(inputs);
    return {
      ...within,
      shuffle: (x) => {
        const view = this.#viewOf(x);
        if (view === undefined) return within.shuffle(x);
        const name = shuffledViewName(permutation, view);
        const known = this.shuffled.get(name) ?? {
          permutation,
          view,
          value: this.#shuffled?.(permutation, x) ?? input(name, x.dtype, x.shape),
        };
        this.shuffled.set(name, known);
        return known.value;
      },
    };
  }
}

/**
 * What a network gives of the whole batch, by what it gives of this process's part: the rows of all processes, view by
 * view.
 *
 * @param own `[V N,...]`
 * @param views V
 */
function ofAllRanks(own: Value, views: number): Value {
  const ranks = currentRanks();
  const gathered = allGather(own);
  if (ranks === 1 || views === 1) return gathered;
  const [rows, ...inner] = own.shape as [number, ...number[]];
  const blocks = reshape(gathered, [ranks, views, rows / views, -1]);
  return reshape(transpose(blocks, [1, 0, 2, 3]), [ranks * rows, ...inner]);
}

/** What stands for an application's result of this process's part of the batch. */
export type OwnPart = (
  index: number,
  given: Value,
  views: number,
) => Value;

/** What networks gave, as inputs of the whole batch. */
export class WholeApplications implements Applications {
  /** In order. */
  readonly applications: Application[] = [];
  /** By the names of their inputs. */
  readonly shuffled: Map<string, ShuffledView> = new Map();
  readonly #micro: MicroApplications;
  readonly #sizes: BatchSizes;
  readonly #viewOf: (value: Value) => number | undefined;
  readonly #ownPart: OwnPart;

  /**
   * @param micro the same method's, in the graph of a micro-batch
   * @param viewOf the index of a view, if a value is one
   * @param ownPart what an application gives of this process's part of the batch
   */
  constructor(
    micro: MicroApplications,
    sizes: BatchSizes,
    viewOf: (value: Value) => number | undefined,
    ownPart: OwnPart,
  ) {
    this.#micro = micro;
    this.#sizes = sizes;
    this.#viewOf = viewOf;
    this.#ownPart = ownPart;
  }

  /** What the part gives of the whole batch. */
  network(part: string, x: Value): Value {
    const index = this.applications.length;
    const recorded = this.#micro.recorded[index];
    if (recorded?.part !== part) this.refuse();
    const { read, given } = recorded!;
    const views = Math.ceil(given.shape[0]! / this.#sizes.micro);
    const own = this.#ownPart(index, given, views);
    const whole = ofAllRanks(own, views);
    const counterparts = { micro: given, whole };
    this.applications.push({ part, read: { micro: read, whole: x }, given: counterparts, own });
    return whole;
  }

  /** The permutation of the whole batch. */
  permutation(permutation: string, inputs: PermutationInputs): Permutation {
    const made = makePermutation(inputs);
    return {
      ...made,
      shuffle: (x) => {
        const view = this.#viewOf(x);
        const name = view === undefined ? "" : shuffledViewName(permutation, view);
        const micro = this.#micro.shuffled.get(name);
        if (view === undefined || micro === undefined) return made.shuffle(x);
        const known = this.shuffled.get(name) ??
          { permutation, view, micro: micro.value, whole: made.shuffle(x) };
        this.shuffled.set(name, known);
        return known.whole;
      },
    };
  }

  /**
   * Checks that both graphs have the same applications.
   *
   * @throws {TypeError} if they do not
   */
  finish(): void {
    if (this.applications.length !== this.#micro.recorded.length) this.refuse();
  }

  /** @throws {TypeError} always */
  refuse(): never {
    const parts = this.#micro.recorded.map(({ part }) => part).join(", ");
    throw notInParts(
      "the method must apply the same networks in the same order whatever the batch size, " +
        `found ${parts} for ${this.#sizes.micro} samples and others for ${this.#sizes.whole}`,
    );
  }
}
