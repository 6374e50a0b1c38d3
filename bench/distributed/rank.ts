/**
 * A rank of `bench distributed`: takes steps or reduces vectors, and rank 0 writes what it measured to a file.
 *
 * Usage: rank.ts steps FILE BATCH SIZE STEPS | rank.ts vectors FILE ROUNDS
 *
 * @module
 */
import { inProcessGroup, type ProcessGroup, rankGroup } from "../../core/distributed/mod.ts";
import { withTarget } from "../../core/engine/graph/target.ts";
import { sgd } from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import type { RankGroup } from "../../core/engine/step/mod.ts";
import { deviceTuning } from "../../core/train/step/conv_autotune.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import { hashedTensor } from "../../tests/core/engine/nn/hashed_values.ts";
import { classification, hashedWeights } from "../classification.ts";

/** What a side measured: its quickest step, since whatever else the machine does only makes steps slower. */
export interface MeasuredSteps {
  /** Seconds of a step, gradients summed over all processes. */
  readonly seconds: number;
  /** Seconds of a step in which processes wait for each other or send. */
  readonly communication: number;
  /** Bytes that all processes handed to the network's loopback in a step, whatever carried them. */
  readonly loopback: number;
  /** Bytes that each handed over to be summed. */
  readonly handed: number;
  /** The loss of the first step, a mean over all processes. */
  readonly loss: number;
}

/** Seconds to sum a vector over all processes, by its bytes, and by the bytes of the pieces in which it goes. */
export interface MeasuredVector {
  readonly bytes: number;
  readonly piece: number;
  readonly seconds: number;
}

const WARM_UP = 2;

/** Bytes that the loopback device has sent. */
async function loopbackBytes(): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/net/dev"] }).output();
  const line = new TextDecoder().decode(stdout).split("\n").find((each) => /^\s*lo:/.test(each));
  return Number(line?.trim().split(/\s+/)[9] ?? NaN);
}

/** A group whose sums of gradients are timed. */
class TimedGroup {
  seconds = 0;
  handed = 0;
  readonly group: RankGroup;

  constructor(group: RankGroup) {
    this.group = {
      ...group,
      allReduce: async (data, reduction) => {
        const began = performance.now();
        await group.allReduce(data, reduction);
        this.seconds += (performance.now() - began) / 1000;
        this.handed += "byteLength" in data ? data.byteLength : data.data.byteLength;
      },
    };
  }
}

async function measureSteps(
  group: ProcessGroup | undefined,
  [batch, size, steps]: readonly number[],
): Promise<MeasuredSteps> {
  const tuning = await deviceTuning({ device: CPU, threads: 1 });
  const timed = group && new TimedGroup(rankGroup(group));
  const graph = withTarget(
    { ...tuning, ranks: group?.size ?? 1 },
    () => classification("resnet18", batch!, size!),
  );
  using step = await TrainingStep.create(graph, {
    device: CPU,
    threads: 1,
    optimizer: sgd(),
    ...(timed && { group: timed.group }),
  }, hashedWeights(graph, "resnet18"));
  const rank = group?.rank ?? 0;
  step.views[0]!.write(hashedTensor(`images ${rank}`, step.views[0]!.type.shape));
  let [quickest, firstLoss] = [{ seconds: Infinity, communication: 0 }, NaN];
  let before = 0;
  for (let i = -WARM_UP; i < steps!; i++) {
    if (i === 0) before = await loopbackBytes();
    await group?.barrier();
    if (timed) [timed.seconds, timed.handed] = [0, 0];
    const began = performance.now();
    const { loss } = await step.run({ learning_rate: 0.01, weight_decay: 1e-4 });
    const seconds = (performance.now() - began) / 1000;
    if (i === -WARM_UP) firstLoss = loss;
    if (i < 0 || seconds > quickest.seconds) continue;
    quickest = { seconds, communication: timed?.seconds ?? 0 };
  }
  return {
    ...quickest,
    loopback: (await loopbackBytes() - before) / steps!,
    handed: timed?.handed ?? 0,
    loss: firstLoss,
  };
}

/** Bytes of ResNet-18's gradients with 1000 classes, and of vectors beside it. */
const VECTORS = [4, 1 << 12, 1 << 16, 1 << 20, 4 << 20, 16 << 20, 46_757_672];

/** Bytes of the pieces in which the longest vector is summed besides: the group itself cuts it by 25 MB. */
const PIECES = [4 << 20];

async function measureVectors(
  group: ProcessGroup,
  [rounds]: readonly number[],
): Promise<MeasuredVector[]> {
  const found: MeasuredVector[] = [];
  const longest = VECTORS.at(-1)!;
  const cases = [...VECTORS.map((bytes) => [bytes, bytes]), ...PIECES.map((p) => [longest, p])];
  for (const [bytes, piece] of cases as [number, number][]) {
    const vector = new Float32Array(bytes / 4).fill(1);
    const times: number[] = [];
    for (let round = -WARM_UP; round < rounds!; round++) {
      vector.fill(1);
      await group.barrier();
      const began = performance.now();
      for (let at = 0; at < vector.length; at += piece / 4) {
        await group.allReduce(vector.subarray(at, at + piece / 4), "sum");
      }
      if (round >= 0) times.push((performance.now() - began) / 1000);
    }
    found.push({ bytes, piece, seconds: Math.min(...times) });
  }
  return found;
}

if (import.meta.main) {
  const [what, file, ...rest] = Deno.args as [string, string, ...string[]];
  const numbers = rest.map(Number);
  await inProcessGroup(async (group) => {
    const measured = what === "steps"
      ? await measureSteps(group, numbers)
      : await measureVectors(group!, numbers);
    if ((group?.rank ?? 0) === 0) await Deno.writeTextFile(file, JSON.stringify(measured));
  });
}
