/**
 * What a run leaves, to be compared.
 *
 * @module
 */
import { join } from "node:path";
import { bytesOf, formatType, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { loadCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { listCheckpoints } from "../../../../core/weights/checkpoint/list.ts";

/** Tensors by what their bytes come down to: a failure names those that differ, and not their millions of elements. */
async function digests(tensors: ReadonlyMap<string, Tensor>): Promise<Record<string, string>> {
  const entries = [...tensors].map(async ([name, value]) => {
    const digest = await crypto.subtle.digest("SHA-256", bytesOf(value));
    return [name, `${formatType(value)} ${new Uint8Array(digest).toHex()}`];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Step and tensors of a run's last checkpoint. */
export async function finalState(folder: string): Promise<{
  readonly step: number;
  readonly model: Record<string, string>;
  readonly optimizer: Record<string, string>;
}> {
  const last = (await listCheckpoints(join(folder, "checkpoints"))).at(-1)!;
  const { model, optimizer, state } = await loadCheckpoint(last.path);
  return { step: state.step, model: await digests(model), optimizer: await digests(optimizer) };
}
