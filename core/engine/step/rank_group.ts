/**
 * The processes that take a training step together, each on a part of its own of the batch.
 *
 * @module
 */
import { counted } from "../../schema/counted.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { packTensors } from "../optim/pack.ts";
import type { Pack } from "../optim/mod.ts";
import { gradientName } from "../optim/step_names.ts";
import type { DeviceTensor, HostOperator } from "../ort/mod.ts";
import type { StepTensor } from "./build_step.ts";

/** What a step needs of the processes that take it together. */
export interface RankGroup {
  /** How many they are, at least 2. */
  readonly size: number;
  /** The collective operators in the middle of a graph. */
  readonly operators: readonly HostOperator[];
  /** Sums or averages over all processes, in place. */
  allReduce(
    data: DeviceTensor | Float64Array<ArrayBuffer>,
    reduction: "sum" | "mean",
  ): Promise<void>;
}

/**
 * Checks that a step was built for as many processes as take it.
 *
 * @throws {TypeError} if it was not, or they are to capture their kernels
 */
export function checkRanks(
  { ranks }: { readonly ranks: number },
  { group, cudaGraphs = false }: {
    readonly group?: RankGroup | undefined;
    readonly cudaGraphs?: boolean | undefined;
  },
): void {
  const size = group?.size ?? 1;
  if (cudaGraphs && size > 1) {
    throw new GenviewTypeError(
      `Cannot train with --cuda-graphs on ${size} processes: a captured graph cannot wait for other processes in its ` +
        "middle; leave it out",
    );
  }
  if (ranks === size) return;
  throw new GenviewTypeError(
    `Cannot start training: the step must be built for ${
      counted(size, "process", "processes")
    }, found one for ${ranks}`,
  );
}

/**
 * Checks that all processes have built the same models. Of others, collectives of equal lengths would meet that are not the
 * same ones, and nothing would show it but what is learned.
 *
 * @throws {TypeError} if they have not
 */
export async function checkSameModels(
  models: readonly Uint8Array<ArrayBuffer>[],
  group: RankGroup | undefined,
): Promise<void> {
  if (group === undefined) return;
  const digests = await Promise.all(models.map((model) => crypto.subtle.digest("SHA-256", model)));
  const own = digests.flatMap((digest) => [...new Uint32Array(digest)]);
  // The mean of equal whole numbers of 32 bits is the number itself.
  const mean = Float64Array.from(own);
  await group.allReduce(mean, "mean");
  if (own.every((word, i) => word === mean[i])) return;
  throw new GenviewTypeError(
    `Cannot start training: all ${group.size} processes must have built the same graphs, found others than on this one. ` +
      "Usual causes: a method's plugin that draws random numbers or reads the time, CPUs of several kinds; start all " +
      "processes alike, on machines of one kind",
  );
}

/**
 * The packs of a step, and further ones in which lie the gradients that are in none: what lies together passes between
 * processes at once.
 *
 * They pass after the backward pass, not in buckets during it. Of a step of ResNet-18 on two processes that share a machine's
 * two cores the sum takes 9 % (28 of 323 ms; `deno task bench distributed`), which is the most that overlap could hide, and
 * there it would compute on the cores of the backward pass; and the graph of the backward pass gives all gradients at its end.
 *
 * @param parameters names of all that have gradients
 * @param passed what passes between the models of the step
 */
export function withJointGradients(
  packs: readonly Pack[],
  passed: readonly StepTensor[],
  parameters: readonly string[],
): Pack[] {
  const packed = new Set(packs.flatMap(({ members }) => members.map(({ name }) => name)));
  const names = new Set(parameters.map(gradientName));
  const loose = passed.filter(({ name }) => names.has(name) && !packed.has(name));
  const byType = Map.groupBy(loose, ({ dtype }) => dtype);
  return [
    ...packs,
    ...[...byType].map(([dtype, tensors]) => {
      const members = tensors.map(({ name, ...type }) => ({ name, type }));
      const { length } = packTensors("", 1, members);
      return packTensors(`joint gradients of ${dtype}`, length, members);
    }),
  ];
}

/** The gradients by some parameters among what passes between the models of a step. */
export function gradientsAmong(
  passed: ReadonlyMap<string, DeviceTensor>,
  parameters: readonly string[],
): Map<string, DeviceTensor> {
  return new Map(parameters.flatMap((parameter) => {
    const name = gradientName(parameter);
    const gradient = passed.get(name);
    return gradient === undefined ? [] : [[name, gradient] as const];
  }));
}

/** Averages scalars that a step shows over all processes: what is not finite anywhere is finite nowhere. */
export async function averagedScalars<T extends Readonly<Record<string, number>>>(
  scalars: T,
  group: RankGroup | undefined,
): Promise<T> {
  if (group === undefined) return scalars;
  const names = Object.keys(scalars);
  const values = Float64Array.from(names, (name) => scalars[name]!);
  await group.allReduce(values, "mean");
  return Object.fromEntries(names.map((name, i) => [name, values[i]!])) as T;
}
