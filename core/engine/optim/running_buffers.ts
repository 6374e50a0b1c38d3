/**
 * Buffers that move by rule: running averages, and counters of what they have averaged.
 *
 * A network has two running averages and a counter in each of its batch norms. The first graph of a step gives the
 * statistics alone, which lie one behind the other where they are made, and the second one moves all averages at once.
 *
 * @module
 */
import { encodeNumbers } from "../graph/numbers.ts";
import { elementCount, type Shape } from "../graph/shape.ts";
import { int64, tensor } from "../graph/tensor.ts";
import { constant, input, type Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { countStep } from "../ops/count_up.ts";
import { gather } from "../ops/gather.ts";
import { mul } from "../ops/mul.ts";
import { reduceSum } from "../ops/reduce_sum.ts";
import { averageStep } from "../ops/running_average.ts";
import { inputName, type NamedUpdate } from "./average_updates.ts";
import { type Pack, packInOne, pieceName } from "./pack.ts";
import { statisticsName } from "./step_names.ts";

/** Statistics that move a running average, one after the other in one tensor, and their shares in what it becomes. */
export interface RunningStatistics {
  /** `[S C]`, as the forward pass gives them. */
  readonly value: Value;
  /** One number for each of the S. */
  readonly shares: readonly number[];
}

/** How a buffer follows from what it was before the step. */
export type RunningBuffer =
  | {
    readonly kind: "average";
    /** What is left of what it was. */
    readonly kept: number;
    /** In the order in which they move it. */
    readonly statistics: readonly RunningStatistics[];
  }
  | { readonly kind: "counter"; readonly by: number };

/** What moves running buffers in an update. */
export interface RunningUpdates {
  readonly updates: readonly NamedUpdate[];
  readonly packs: readonly Pack[];
  /** The inputs that declare what the forward pass gives for it. */
  readonly statistics: readonly Value[];
}

function asAverage(before: Value, written: Value): RunningBuffer | undefined {
  const statistics: RunningStatistics[] = [];
  let kept = 1;
  let value = written;
  while (value !== before) {
    const step = averageStep(value);
    if (step === undefined) return undefined;
    // What moves it later keeps a part of what has moved it before.
    const shares = step.shares.map((share) => share * kept);
    statistics.unshift({ value: step.statistics, shares });
    kept *= step.kept;
    value = step.before;
  }
  return { kind: "average", kept, statistics };
}

function asCounter(before: Value, written: Value): RunningBuffer | undefined {
  let by = 0;
  let value = written;
  while (value !== before) {
    const step = countStep(value);
    if (step === undefined) return undefined;
    by += step.by;
    value = step.before;
  }
  return { kind: "counter", by };
}

/**
 * How a buffer moves that the forward pass writes, if it is by rule.
 *
 * @param before the input that declares it
 * @param written what it becomes
 */
export function runningBuffer(before: Value, written: Value): RunningBuffer | undefined {
  return written === before ? undefined : asAverage(before, written) ?? asCounter(before, written);
}

/** What the forward pass gives for a running buffer, by name. */
export function statisticsOf(name: string, running: RunningBuffer): [string, Value][] {
  if (running.kind === "counter") return [];
  return running.statistics.map(({ value }, i) => [statisticsName(name, i), value]);
}

/** Tensors in one vector, and the input that declares it. */
function packed(
  name: string,
  tensors: readonly (readonly [name: string, Value])[],
): { readonly pack: Pack; readonly vector: Value } {
  const pack = packInOne(name, tensors.map(([name, { type }]) => ({ name, type })));
  return { pack, vector: input(pieceName(name, 0), pack.dtype, [pack.length]) };
}

/** Numbers for the elements of a vector, `[length, ...]`. */
function numbers({ dtype }: Pack, shape: Shape, values: readonly number[]): Value {
  return constant(tensor(dtype, shape, encodeNumbers(dtype, values)));
}

/** A buffer and how it moves. */
type Running<Kind> = readonly [buffer: Value, Extract<RunningBuffer, { readonly kind: Kind }>];

/** What moves each element of a vector of averages. */
interface Moves {
  /** What is left of it. */
  readonly kept: readonly number[];
  /** Most statistics of an element. */
  readonly most: number;
  /** Where its statistics lie, so many of each element. */
  readonly places: readonly number[];
  /** Their shares. */
  readonly shares: readonly number[];
}

/**
 * What moves averages. One that has fewer statistics than others reads its own first one in their place, with no share. What
 * lies between averages has a share in none, and keeps all of itself.
 */
function movesOf(averages: readonly Running<"average">[], pack: Pack, statistics: Pack): Moves {
  const offsets = new Map(statistics.members.map(({ name, offset }) => [name, offset]));
  const rows = averages.map(([buffer, { statistics }]) =>
    statistics.flatMap(({ shares }, i) => {
      const start = offsets.get(statisticsName(inputName(buffer), i))!;
      return shares.map((share, row) => ({
        share,
        start: start + row * elementCount(buffer.shape),
      }));
    })
  );
  const most = Math.max(...rows.map(({ length }) => length));
  const kept = new Array<number>(pack.length).fill(1);
  const places = new Array<number>(pack.length * most).fill(0);
  const shares = new Array<number>(pack.length * most).fill(0);
  averages.forEach(([buffer, rule], i) => {
    const { offset } = pack.members[i]!;
    const own = rows[i]!;
    for (let channel = 0; channel < elementCount(buffer.shape); channel++) {
      kept[offset + channel] = rule.kept;
      for (let row = 0; row < most; row++) {
        const at = (offset + channel) * most + row;
        places[at] = (own[row] ?? own[0]!).start + channel;
        shares[at] = own[row]?.share ?? 0;
      }
    }
  });
  return { kept, most, places, shares };
}

/** Averages of one element type: what is left of each, and the sum of the shares of its statistics. */
function averageUpdate(name: string, averages: readonly Running<"average">[]): RunningUpdates {
  const { pack, vector } = packed(
    name,
    averages.map(([buffer]) => [inputName(buffer), buffer]),
  );
  const given = packed(
    `statistics of ${name}`,
    averages.flatMap(([buffer, rule]) => statisticsOf(inputName(buffer), rule)),
  );
  const { kept, most, places, shares } = movesOf(averages, pack, given.pack);
  const rows = [pack.length, most];
  const read = gather(given.vector, constant(int64(rows, places)));
  const moved = reduceSum(mul(read, numbers(pack, rows, shares)), { axis: 1 });
  const output = add(mul(vector, numbers(pack, [pack.length], kept)), moved);
  return {
    updates: [{ name: inputName(vector), input: vector, output }],
    packs: [pack, given.pack],
    statistics: [given.vector],
  };
}

/** Counters of one element type. */
function counterUpdate(name: string, counters: readonly Running<"counter">[]): RunningUpdates {
  const { pack, vector } = packed(
    name,
    counters.map(([buffer]) => [inputName(buffer), buffer]),
  );
  const steps = new Array<number>(pack.length).fill(0);
  counters.forEach(([, { by }], i) => steps[pack.members[i]!.offset] = by);
  const output = add(vector, numbers(pack, [pack.length], steps));
  return {
    updates: [{ name: inputName(vector), input: vector, output }],
    packs: [pack],
    statistics: [],
  };
}

/** Moves running buffers, those of each kind and element type at once. */
export function runningUpdates(
  buffers: readonly (readonly [buffer: Value, RunningBuffer])[],
): RunningUpdates {
  const kinds = Map.groupBy(buffers, ([{ dtype }, { kind }]) => `${kind}s of ${dtype}`);
  const made = [...kinds].map(([name, alike]) =>
    alike[0]![1].kind === "average"
      ? averageUpdate(name, alike as Running<"average">[])
      : counterUpdate(name, alike as Running<"counter">[])
  );
  return {
    updates: made.flatMap(({ updates }) => updates),
    packs: made.flatMap(({ packs }) => packs),
    statistics: made.flatMap(({ statistics }) => statistics),
  };
}
