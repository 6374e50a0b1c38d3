/**
 * What the steps of one model and another have in common: the tensors that last, and the scalars.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { DType } from "../graph/dtype.ts";
import { filled, formatType, sameType, type Tensor } from "../graph/tensor.ts";
import { OWN_SCALED_GRADIENT_NORM, SCALED_GRADIENT_NORM } from "../optim/step_names.ts";
import { type DeviceTensor, type Placement, Session } from "../ort/mod.ts";
import type { BuiltStep, StepTensor } from "./build_step.ts";
import type { RankGroup } from "./rank_group.ts";

/** Where and how a step runs. */
export interface BoundStepOptions extends Placement {
  /**
   * On CUDA, captures the gradients' kernels in a CUDA graph (default off). The update overwrites what it reads, which
   * ONNX Runtime would do several times before it captures, and is launched kernel by kernel.
   */
  readonly cudaGraphs?: boolean | undefined;
  /**
   * The processes that take the step together: each computes the loss of a batch of its own, what is shown of a step is the
   * mean, and all have the same parameters after it.
   */
  readonly group?: RankGroup | undefined;
  /** Path prefix of Chrome traces, for profiling. */
  readonly profile?: string;
}

/** What a step starts from. */
export interface StepValues {
  /** Parameters, averages, buffers and what stays as it is, by name. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** The optimizer's slots, by name; their initial values when left out. */
  readonly slots?: ReadonlyMap<string, Tensor> | undefined;
}

/** Tensors on a device, by name. */
export type Tensors = ReadonlyMap<string, DeviceTensor>;

function checkTensors(
  types: readonly StepTensor[],
  given: ReadonlyMap<string, Tensor>,
): void {
  for (const { name, ...type } of types) {
    const value = given.get(name);
    if (value !== undefined && sameType(value, type)) continue;
    throw new GenviewTypeError(
      `Cannot start training: "${name}" must be a ${formatType(type)}, found ${
        value === undefined ? "none" : formatType(value)
      }`,
    );
  }
}

function slotTypes({ slots }: Pick<BuiltStep, "slots">): StepTensor[] {
  return slots.map(({ name, type }) => ({ name, ...type }));
}

/** What the optimizer's slots are at the start of a run. */
export function initialSlots({ slots }: Pick<BuiltStep, "slots">): Map<string, Tensor> {
  return new Map(
    slots.map(({ name, type, initial }) => [name, filled(type.dtype, type.shape, initial)]),
  );
}

/**
 * Loads one of a step's models. On a device other than the CPU, every node must run there.
 *
 * @param name what its trace is called, where it is profiled
 * @throws {OrtError} if the device cannot run it
 */
export async function loadModel(
  model: Uint8Array<ArrayBuffer>,
  name: string,
  { device, threads, cudaGraphs, group, profile }: BoundStepOptions,
): Promise<Session> {
  return await Session.create(model, {
    device,
    threads,
    cudaGraph: name === "gradients" && (cudaGraphs ?? false),
    operators: group?.operators,
    // Collective operators run on the host; that all others have kernels on the device was checked when they were built.
    strict: device.provider !== "cpu" && group === undefined,
    ...(profile !== undefined && { profile: `${profile}-${name}` }),
  });
}

/**
 * The tensor of a batch under a name, to be written before each step.
 *
 * @throws {TypeError} if the batch has none of this name and element type
 */
export function batchTensor<D extends DType>(
  batch: Tensors,
  name: string,
  dtype: D,
): DeviceTensor<D> {
  const found = batch.get(name);
  if (found?.type.dtype === dtype) return found as DeviceTensor<D>;
  throw new GenviewTypeError(
    `Cannot write "${name}": the batch must have a ${dtype} of this name, found ${
      [...batch].map(([known, { type }]) => `"${known}" ${formatType(type)}`).join(", ")
    }`,
  );
}

/** Some tensors by name, for a binding. */
export function bindings(
  names: readonly { readonly name: string }[],
  find: (name: string) => DeviceTensor | undefined,
): Record<string, DeviceTensor> {
  return Object.fromEntries(names.map(({ name }) => {
    const found = find(name);
    if (found === undefined) throw new Error(`Internal: a step knows no tensor "${name}"`);
    return [name, found];
  }));
}

/** Scalars as numbers, by name. */
export function numbers(of: Tensors): Record<string, number> {
  return Object.fromEntries([...of].map(([name, value]) => [name, Number(value.read().data[0])]));
}

/** Whether parameters may follow: the loss is finite and, where it is scaled, so are its gradients. */
export function isUsable(loss: number, outputs: Readonly<Record<string, number>>): boolean {
  return [loss, outputs[SCALED_GRADIENT_NORM] ?? 0, outputs[OWN_SCALED_GRADIENT_NORM] ?? 0]
    .every(Number.isFinite);
}

/**
 * Checks that a value is given for every tensor that lasts from step to step.
 *
 * @throws {TypeError} if one is missing or of another type
 */
export function checkValues(
  step: Pick<BuiltStep, "state" | "slots">,
  { state, slots }: StepValues,
): void {
  checkTensors(step.state, state);
  if (slots !== undefined) checkTensors(slotTypes(step), slots);
}

/**
 * Sets the scalars of a step.
 *
 * @throws {TypeError} if one is missing
 */
export function writeScalars(places: Tensors, scalars: Readonly<Record<string, number>>): void {
  for (const [name, target] of places) {
    const value = scalars[name];
    if (value === undefined) {
      throw new GenviewTypeError(`Cannot take a step: scalar "${name}" is missing`);
    }
    target.write(filled(target.type.dtype, [], value));
  }
}
