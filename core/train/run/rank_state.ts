/**
 * The state of a run on several processes: the same on all of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ProcessGroup } from "../../distributed/mod.ts";
import { bytesOf } from "../../engine/graph/tensor.ts";
import type { DeviceTensor } from "../../engine/ort/mod.ts";
import { TrainingError } from "./run_guard.ts";

/** Parameters, buffers and the optimizer's slots where they lie, by full name. */
export interface RunState {
  readonly weights: ReadonlyMap<string, DeviceTensor>;
  readonly slots: ReadonlyMap<string, DeviceTensor>;
}

/** The statistics of a batch norm, which each process takes of its own samples unless they are synchronised. */
const STATISTICS = /(?:^|\.)running_(?:mean|var)$/;

const DIGEST_BYTES = 32;

/** Gives all processes the first one's parameters, buffers and slots. */
export async function shareState(
  group: ProcessGroup,
  { weights, slots }: RunState,
): Promise<void> {
  for (const tensor of [...weights.values(), ...slots.values()]) await group.broadcast(tensor);
}

/** Gives all processes the first one's running statistics, as PyTorch's `DistributedDataParallel` does. */
export async function shareStatistics(
  group: ProcessGroup,
  { weights }: Pick<RunState, "weights">,
): Promise<void> {
  for (const [name, tensor] of weights) if (STATISTICS.test(name)) await group.broadcast(tensor);
}

function* digests({ weights, slots }: RunState): Generator<[string, Uint8Array]> {
  const all = [
    ...weights,
    ...[...slots].map(([name, tensor]) => [`slot ${name}`, tensor] as const),
  ];
  for (const [name, tensor] of all) {
    if (STATISTICS.test(name)) continue;
    yield [name, createHash("sha256").update(bytesOf(tensor.read())).digest()];
  }
}

/**
 * Checks that parameters, slots and buffers are the same on all processes to the last bit. Running statistics of a batch
 * norm, which is not synchronised, are left out.
 *
 * @param step steps that were taken
 * @throws {TrainingError} on all processes if they are not, with the processes and the first tensor that differs
 */
export async function checkSameState(
  group: ProcessGroup,
  state: RunState,
  step: number,
): Promise<void> {
  const own = [...digests(state)];
  const bytes = new Uint8Array(own.length * DIGEST_BYTES);
  own.forEach(([, digest], i) => bytes.set(digest, i * DIGEST_BYTES));
  const all = await group.allGather(bytes);
  const digest = (rank: number, i: number) =>
    all.subarray(rank * bytes.length + i * DIGEST_BYTES).subarray(0, DIGEST_BYTES).toHex();
  const ranks = Array.from({ length: group.size }, (_, rank) => rank);
  for (const [i, [name]] of own.entries()) {
    const differing = ranks.filter((rank) => digest(rank, i) !== digest(0, i));
    if (differing.length === 0) continue;
    throw new TrainingError(
      `Cannot continue after step ${step}: "${name}" must be the same on all processes, found that of rank ` +
        `${
          differing.join(", ")
        } to differ from that of rank 0. Usual causes: memory or a GPU that is damaged, ` +
        "processes with other versions of ONNX Runtime; resume the run from its last checkpoint",
    );
  }
}
