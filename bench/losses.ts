/**
 * `deno task bench losses`: what each of several processes computes of a loss that compares a whole batch, and its gradient.
 *
 * One process stands for all: what the others would send is what it has itself, so that nothing but arithmetic is measured.
 *
 * @module
 */
import { gradients } from "../core/engine/autodiff/gradients.ts";
import type { DataOf, DType } from "../core/engine/graph/dtype.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { input, type Value } from "../core/engine/graph/value.ts";
import { encodeModel } from "../core/engine/onnx/encode_model.ts";
import { l2Normalize, stopGradient } from "../core/engine/ops/mod.ts";
import { CPU, type HostOperator, Session } from "../core/engine/ort/mod.ts";
import * as losses from "../core/losses/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";

const COMMAND: Command = {
  name: "bench losses",
  summary: "Times what each of several processes computes of the loss of the whole batch.",
  examples: [{
    command: "deno task bench losses --ranks 8",
    does: "one of 8 processes beside one that computes all of it",
  }],
  options: {
    type: "object",
    properties: {
      ranks: { type: "integer", minimum: 2, default: 8, description: "processes" },
      rounds: {
        type: "integer",
        minimum: 1,
        default: 4,
        description: "runs, of which the best counts",
      },
    },
  },
};

/** A loss of two views' embeddings, at the size of a method's preset. */
interface Case {
  readonly name: string;
  /** Samples of the whole batch. */
  readonly batch: number;
  readonly width: number;
  readonly loss: (first: Value, second: Value) => Value;
}

const CASES: readonly Case[] = [
  {
    name: "MoCo v3, one of its two terms",
    batch: 4096,
    width: 256,
    loss: (query, key) =>
      losses.infoNce(l2Normalize(query), stopGradient(l2Normalize(key)), { temperature: 1 }),
  },
  {
    name: "SimCLR",
    batch: 4096,
    width: 128,
    loss: (first, second) => {
      const views = [l2Normalize(first), l2Normalize(second)];
      return losses.multiPositive(views, views, { temperature: 0.1, ownView: true });
    },
  },
  {
    name: "Barlow Twins",
    batch: 2048,
    width: 8192,
    loss: (first, second) => losses.barlowTwins(first, second),
  },
];

/** Collectives among processes that all have the same. */
function operatorsOf(ranks: number): HostOperator[] {
  const operator = (name: string, rows: (rows: number) => number): HostOperator => ({
    name,
    dtypes: ["float32", "int64"],
    shape: (shape) => shape.with(0, rows(shape[0]!)),
    compute: (x, y) => {
      const part = x.subarray(0, y.length) as DataOf<DType>;
      for (let at = 0; at < y.length; at += part.length) {
        (y as Float32Array).set(part as Float32Array, at);
      }
    },
  });
  return [
    operator("AllGather", (rows) => rows * ranks),
    operator("ReduceScatter", (rows) => rows / ranks),
    operator("OwnRows", (rows) => rows / ranks),
  ];
}

/** Milliseconds of a loss and its gradients by one of so many processes, on one thread. */
async function timeOf(
  { batch, width, loss }: Case,
  ranks: number,
  rounds: number,
): Promise<number> {
  const names = ["first", "second"];
  const outputs = withTarget({ provider: "cpu", ranks, replicated: ranks > 1 }, () => {
    const views = names.map((name) => input(name, "float32", [batch, width]));
    const value = loss(views[0]!, views[1]!);
    const found = gradients(value, views).flatMap((gradient, i) =>
      gradient === undefined ? [] : [[`gradient ${i}`, gradient] as const]
    );
    return { loss: value, ...Object.fromEntries(found) };
  });
  using session = await Session.create(encodeModel({ outputs }), {
    device: CPU,
    threads: 1,
    operators: operatorsOf(ranks),
  });
  const feeds = Object.fromEntries(names.map((name) => [name, hashedTensor(name, [batch, width])]));
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  return Math.min(...times.slice(1));
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const { ranks, rounds } = parsed.values as { readonly ranks: number; readonly rounds: number };
  for (const each of CASES) {
    const alone = await timeOf(each, 1, rounds);
    const shared = await timeOf(each, ranks, rounds);
    console.log(
      `${each.name}, ${each.batch} samples of ${each.width}: ${
        alone.toFixed(0)
      } ms by one process, ` +
        `${shared.toFixed(0)} ms by each of ${ranks}, ${(alone / shared).toFixed(1)} times less`,
    );
  }
}

if (import.meta.main) await runTask(main);
