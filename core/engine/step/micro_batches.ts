/**
 * How the micro-batches of a step follow each other: each reads the buffers that the one before has written.
 *
 * @module
 */
import { writtenName } from "../optim/step_names.ts";
import type { Binding, DeviceTensor } from "../ort/mod.ts";
import type { Tensors } from "./step_tensors.ts";

/** Where micro-batches, counted from 0, find buffers and write them. */
export interface BufferTurns {
  /** Where a micro-batch reads a buffer; undefined where that is the state, or the name no buffer's. */
  readonly read: (microBatch: number, name: string) => DeviceTensor | undefined;
  /** Where it writes an output of the first model; undefined where that is no buffer. */
  readonly write: (microBatch: number, output: string) => DeviceTensor | undefined;
}

/**
 * The places of the buffers that networks write. Each micro-batch writes them anew for the next one; the last one writes
 * what passes to the update. What they were before the step stays until the loss is known to be finite.
 *
 * @param running names of the buffers
 * @param passed what passes to the update, by the names of outputs
 * @param spare further room for the buffers, by their names; none for a single micro-batch
 */
export function bufferTurns(
  microBatches: number,
  running: readonly string[],
  passed: Tensors,
  spare: Tensors,
): BufferTurns {
  const own = new Map(running.map((name) => [writtenName(name), name]));
  const write = (microBatch: number, output: string) => {
    const name = own.get(output);
    if (name === undefined) return undefined;
    return (microBatches - 1 - microBatch) % 2 === 0 ? passed.get(output) : spare.get(name);
  };
  const read = (microBatch: number, name: string) =>
    microBatch === 0 ? undefined : write(microBatch - 1, writtenName(name));
  return { read, write };
}

/** A model's bindings by micro-batch. The third is bound as the first of those after the first is, and so on. */
export function bindInTurn(
  microBatches: number,
  bind: (microBatch: number) => Binding,
): readonly Binding[] {
  const bound = Array.from({ length: Math.min(3, microBatches) }, (_, i) => bind(i));
  return Array.from({ length: microBatches }, (_, i) => bound[i < 3 ? i : i % 2 === 1 ? 1 : 2]!);
}
