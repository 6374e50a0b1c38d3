/**
 * Trains small methods on several ranks with synchronised batch norm, and compares each with one process that takes the
 * whole batch at once: what they show, gradients, parameters, running statistics, queues and prototypes.
 *
 * After the first step they must agree to 1e-5. After the last they must be no further apart than a small multiple of
 * float32's own drift: that of one process which takes the same samples in another order within each batch, so that it rounds
 * other sums.
 *
 * @module
 */
import { assert } from "@std/assert";
import {
  inProcessGroup,
  type ProcessGroup,
  rankGroup,
} from "../../../../../core/distributed/mod.ts";
import { withTarget } from "../../../../../core/engine/graph/target.ts";
import type { Tensor } from "../../../../../core/engine/graph/tensor.ts";
import { checkMethod } from "../../../../../core/method/load.ts";
import type { StepResult } from "../../../../../core/train/step/step_inputs.ts";
import { bundledMethods } from "../../../../../plugins/mod.ts";
import { BATCH, methodOf, smallBackbone } from "../../small_methods.ts";
import { bundledRun } from "./bundled_runs.ts";
import {
  accumulatedSteps,
  plainSteps,
  rankSteps,
  type SmallOutcome,
  type SmallRun,
  type SmallState,
} from "./small_accumulation.ts";
import { gatheredKeys, NORMALIZED } from "./small_couplings.ts";

const STEPS = 10;

/** Small enough that steps do not throw the networks about, in which roundings grow. */
const LEARNING_RATE = 0.002;

/** How many times float32's own drift processes may be apart. */
const DRIFTS = 4;

/** Another order of the samples of a batch. */
const MOVED: readonly number[] = [3, 6, 1, 4, 7, 2, 5, 0];

/** Numbers by what they are of. */
type Numbers = ReadonlyMap<string, ArrayLike<number | bigint>>;

/** What the momentum of gradients is called: after a step, a gradient. */
const GRADIENT = "gradient";

function numbersOf({ weights, slots }: SmallState): Numbers {
  const named = (kind: string, tensors: ReadonlyMap<string, Tensor>) =>
    [...tensors].map(([name, { data }]) =>
      [`${kind} ${name}`, data as ArrayLike<number | bigint>] as const
    );
  return new Map([...named("weight", weights), ...named(GRADIENT, slots)]);
}

function shownBy({ loss, spread, gradientNorm, metrics }: StepResult): Numbers {
  const shown = { loss, spread, gradientNorm, ...metrics };
  return new Map(Object.entries(shown).map(([name, value]) => [name, [value]]));
}

/** The largest of some numbers and one. */
function largestOf(values: ArrayLike<number | bigint>): number {
  return Array.from(values, Number).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
}

/**
 * The largest difference, and of what it is: of tensors of numbers up to one, or relative to the largest number of theirs; of
 * gradients relative to that of the whole gradient, as some are sums that would be zero but for rounding.
 */
function apart(found: Numbers, expected: Numbers): { readonly by: number; readonly of: string } {
  const gradients = [...expected].filter(([name]) => name.startsWith(GRADIENT));
  const largest = Math.max(1, ...gradients.map(([, values]) => largestOf(values)));
  let by = 0;
  let of = "";
  for (const [name, values] of expected) {
    const others = found.get(name);
    assert(others?.length === values.length, `${name} must be there`);
    const pairs = Array.from(values, (value, i) => [Number(value), Number(others[i])] as const);
    const size = name.startsWith(GRADIENT) ? largest : largestOf(values);
    pairs.forEach(([value, other], i) => {
      const difference = Math.abs(other - value) / size;
      // What is no number is further apart than anything.
      if (difference <= by) return;
      by = difference;
      of = `${name}[${i}], which is ${other} and must be ${value}`;
    });
  }
  return { by, of };
}

/** Rows of a queue lie in the order of the samples. */
function withoutQueues(numbers: Numbers): Numbers {
  return new Map([...numbers].filter(([name]) => !/queue/.test(name)));
}

function shownInAll({ results }: SmallOutcome): Numbers {
  return new Map(
    results.flatMap((result, i) =>
      [...shownBy(result)].map(([name, value]) => [`${name} of step ${i}`, value] as const)
    ),
  );
}

/** How far apart runs may be for the numbers that they are of. */
interface Rounding {
  /** Largest difference after a step. */
  readonly afterOne: number;
  /** What drift may at most be, or the comparison would say nothing. */
  readonly drift: number;
}

const FLOAT32: Rounding = { afterOne: 1e-5, drift: 1e-4 };

/** A rounding of a gradient is 2^-10 of it, and there are as many as layers. */
const FLOAT16: Rounding = { afterOne: 2 ** -8, drift: 0.05 };

/** A method as the ranks take it, and by one process. */
interface Comparison {
  readonly name: string;
  readonly ranks: () => Promise<SmallOutcome>;
  readonly alone: (order?: readonly number[]) => Promise<SmallOutcome>;
  /** What else than float32 there is to round. */
  readonly rounding?: Rounding;
}

/** What float32 rounds away, or float16, in a run. */
async function driftOf(
  { alone, rounding = FLOAT32 }: Comparison,
  expected: SmallOutcome,
): Promise<number> {
  const other = await alone(MOVED);
  const drift = Math.max(
    apart(withoutQueues(numbersOf(other)), withoutQueues(numbersOf(expected))).by,
    apart(shownInAll(other), shownInAll(expected)).by,
  );
  assert(drift > 0 && drift < rounding.drift, `the numbers' own drift is ${drift}`);
  return drift;
}

function check(comparison: Comparison, found: SmallOutcome, expected: SmallOutcome, drift: number) {
  const { name, rounding = FLOAT32 } = comparison;
  const first = apart(
    new Map([...shownBy(found.results[0]!), ...numbersOf(found.first)]),
    new Map([...shownBy(expected.results[0]!), ...numbersOf(expected.first)]),
  );
  assert(first.by < rounding.afterOne, `${name}, after a step: ${first.of}`);
  const last = apart(
    new Map([...shownInAll(found), ...numbersOf(found)]),
    new Map([...shownInAll(expected), ...numbersOf(expected)]),
  );
  assert(
    last.by <= Math.max(DRIFTS * drift, 1e-6),
    `${name}, after ${STEPS} steps, with a drift of ${drift}: ${last.of}`,
  );
  console.log(
    `${name}: ${first.by.toExponential(1)} after a step, ${
      last.by.toExponential(1)
    } after ${STEPS}; ` +
      `drift ${drift.toExponential(1)}`,
  );
}

async function hashOf(state: SmallState): Promise<string> {
  const parts = [...numbersOf(state).values()].map((data) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  const bytes = await new Blob(parts).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** What the ranks of a comparison have found, which all must have to the bit. */
async function foundBy(group: ProcessGroup, { name, ranks }: Comparison): Promise<SmallOutcome> {
  const found = await ranks();
  const hashes = await group.allGatherValues(await hashOf(found));
  assert(new Set(hashes).size === 1, `${name}: all ranks must have the same bits`);
  return found;
}

/**
 * Compares the ranks with one process. What one process finds, ranks compute apart, each in its share of the comparisons
 * and after all that ranks do together: a rank that waits for another one takes its core.
 */
async function compareAll(group: ProcessGroup, comparisons: readonly Comparison[]): Promise<void> {
  const outcomes: SmallOutcome[] = [];
  for (const comparison of comparisons) outcomes.push(await foundBy(group, comparison));
  for (const [i, comparison] of comparisons.entries()) {
    if (i % group.size !== group.rank) continue;
    const expected = await comparison.alone();
    check(comparison, outcomes[i]!, expected, await driftOf(comparison, expected));
  }
}

/** A plugin's own loss over the batch, with statistics that it keeps: nothing of it knows of processes. */
const ofThirdParty = methodOf(({ views, network, ops, buffer, initializers, pairWeights }) => {
  const encoder = network({ projector: NORMALIZED });
  const [a, b] = encoder.eachView(views).map((z) => {
    const centred = ops.sub(z, ops.reduceMean(z, { axis: 0 }));
    return ops.l2Normalize(centred);
  });
  const alike = ops.matMul(a!, b!, { transposeB: true });
  const kept = buffer("similarity", [], initializers.constantInitializer(0));
  const mean = ops.reduceMean(alike);
  kept.write(ops.add(ops.mul(kept.read(), 0.9), ops.mul(ops.stopGradient(mean), 0.1)));
  const own = ops.mul(ops.reduceSum(ops.mul(a!, b!), { axis: 1 }), pairWeights);
  const loss = ops.sub(ops.logSumExp(ops.reshape(alike, [-1]), { axis: 0 }), ops.reduceMean(own));
  return { loss, embeddings: a!, metrics: { similarity: kept.read() } };
});

/** A parameter and a buffer that both what lies between networks and the loss read. */
const readInBoth = methodOf(({ views, encoder, ops, buffer, initializers, constrain }) => {
  const { backbone, mlp, parameter, width } = encoder("online");
  const turn = parameter("turn", [width, width], initializers.normalInitializer(0.3));
  constrain(turn, (rows) => ops.l2Normalize(rows));
  const centre = buffer("centre", [width], initializers.constantInitializer(0.1));
  const project = mlp("projector", NORMALIZED);
  const features = views.map((view) => ops.matMul(ops.sub(backbone(view), centre.read()), turn));
  const [a, b] = features.map((x) => ops.l2Normalize(project(x)));
  const apart = ops.sub(features[0]!, ops.matMul(ops.stopGradient(features[1]!), turn));
  const old = ops.reduceMean(ops.mul(apart, centre.read()));
  const batch = ops.reduceMean(ops.stopGradient(features[1]!), { axis: 0 });
  centre.write(ops.add(ops.mul(centre.read(), 0.9), ops.mul(batch, 0.1)));
  const loss = ops.sub(ops.reduceMean(ops.mul(apart, apart)), ops.reduceMean(ops.mul(a!, b!)));
  return { loss: ops.add(loss, old), embeddings: a! };
});

const SCALARS = { learning_rate: LEARNING_RATE, weight_decay: 1e-3, average_rate: 0.2 };

/** The order in which ranks take samples by micro-batches, one micro-batch of all after the other. */
function orderByParts(ranks: number, deviceBatchSize: number): number[] {
  const own = BATCH / ranks;
  return Array.from(
    { length: own / deviceBatchSize },
    (_, part) =>
      Array.from({ length: ranks }, (_, rank) =>
        Array.from(
          { length: deviceBatchSize },
          (_, i) => rank * own + part * deviceBatchSize + i,
        )),
  ).flat(2);
}

/** The same samples in each micro-batch, in another order. */
function movedWithin(order: readonly number[], size: number): number[] {
  return order.map((_, i) => order[i - i % size + (size - 1 - i % size)]!);
}

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    assert(group !== undefined, "several ranks");
    const ranks = { rank: group.rank, ...rankGroup(group) };
    const whole = (name: string, given: SmallRun): Comparison => {
      const run = { ...given, syncBatchNorm: true };
      return {
        name,
        ranks: () => rankSteps(run, ranks, STEPS),
        alone: (order) => plainSteps({ ...run, ...(order && { order }) }, STEPS),
      };
    };
    const comparisons: Comparison[] = [];
    for (const [name, address] of Object.entries(bundledMethods)) {
      const plugin = await import(new URL("./mod.ts", address).href);
      const run = bundledRun(checkMethod(plugin.default, name));
      const scalars = { ...run.scalars, learning_rate: LEARNING_RATE };
      comparisons.push(whole(name, { ...run, scalars }));
    }
    const small = { backbone: smallBackbone, scalars: SCALARS };
    comparisons.push(whole("a third party's", { ...small, method: ofThirdParty }));
    comparisons.push(whole("one that reads in both", { ...small, method: readInBoth }));

    const half = whole("a third party's in float16", {
      ...{ ...small, method: ofThirdParty, options: { precision: "float16" } },
      scalars: { ...SCALARS, loss_scale: 1024, inverse_loss_scale: 1 / 1024 },
    });
    // On the CPU alone all is rounded that other devices round.
    const onCpu = (take: () => Promise<SmallOutcome>) => withTarget({ provider: "cpu" }, take);
    comparisons.push({
      ...{ ...half, rounding: FLOAT16 },
      ranks: () => onCpu(half.ranks),
      alone: (order) => onCpu(() => half.alone(order)),
    });

    const size = BATCH / group.size / 2;
    const order = orderByParts(group.size, size);
    // Of a high temperature, since few samples' statistics let roundings grow by themselves.
    const methods = {
      "a third party's": ofThirdParty,
      "gathered keys": gatheredKeys(NORMALIZED, 3),
    };
    for (const [name, method] of Object.entries(methods)) {
      const run: SmallRun = { ...small, method, syncBatchNorm: true };
      comparisons.push({
        name: `${name} by micro-batches`,
        ranks: () => rankSteps(run, ranks, STEPS, size),
        alone: (moved) => {
          const places = moved === undefined ? order : movedWithin(order, size * group.size);
          return accumulatedSteps({ ...run, order: places }, size * group.size, STEPS);
        },
      });
    }
    await compareAll(group, comparisons);
  });
}
