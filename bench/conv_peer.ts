/**
 * The convolutions of a network and their gradients beside PyTorch's: the formulation that is chosen for this CPU, in the
 * usual layout or between neighbours in the blocked one, whichever is faster, against PyTorch's contiguous or channels-last
 * tensors, whichever are. Both sides by turns.
 *
 * @module
 */
import { withTarget } from "../core/engine/graph/target.ts";
import { input, type Value } from "../core/engine/graph/value.ts";
import { keepBlocked } from "../core/engine/layout/mod.ts";
import { encodeModel } from "../core/engine/onnx/encode_model.ts";
import { blocked, suitsBlocks, unblocked } from "../core/engine/ops/convolution/blocked_layout.ts";
import { chooseFormulations } from "../core/engine/ops/convolution/choose.ts";
import { FORWARD } from "../core/engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../core/engine/ops/convolution/input_gradients.ts";
import { type ConvProblem, operations } from "../core/engine/ops/convolution/problem.ts";
import type { ConvTuning } from "../core/engine/ops/convolution/tuning.ts";
import { WEIGHT_GRADIENTS } from "../core/engine/ops/convolution/weight_gradients.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../core/engine/ort/mod.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import { hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import type { Both } from "./alternate.ts";
import {
  type Configuration,
  convolutionsOf,
  type CountedProblem,
  needsInputGradient,
} from "./conv_problems.ts";
import { Peer } from "./peer.ts";

/** What is computed. */
const TASKS = ["forward", "by input", "by weight"] as const;
type Task = (typeof TASKS)[number];

/** How a turn is run. */
export interface PeerOptions {
  /** Interpreter with torch. */
  readonly python: string;
  /** Threads of each side. */
  readonly threads: number;
  /** Turns of each side. */
  readonly turns: number;
}

/** Runs that follow each other in a turn, after one that does not count. */
const RUNS_IN_A_TURN = 3;

/** Largest relative difference of the mean squares of both sides' results. */
const TOLERANCE = 1e-3;

/** The chosen formulation of a task, from the tensors of their names. */
function build(task: Task, problem: ConvProblem, block: number, read: (x: Value) => Value): Value {
  const chosen = chooseFormulations(problem, block);
  const [x, dy] = [
    read(input("x", "float32", problem.x)),
    read(input("dy", "float32", problem.y)),
  ];
  const w = input("w", "float32", problem.w);
  switch (task) {
    case "forward":
      return FORWARD[chosen.forward].build({ x, w }, problem, block);
    case "by input":
      return INPUT_GRADIENTS[chosen.inputGradient].build({ dy, w }, problem, block);
    case "by weight":
      return WEIGHT_GRADIENTS[chosen.weightGradient].build({ x, dy }, problem, block);
  }
}

/**
 * A task by itself; and, where the kernels have a blocked layout of both its images, as it stands in a network, whose
 * convolutions hand each other what lies in that layout.
 */
function graphsOf(task: Task, problem: ConvProblem, block: number): Value[] {
  const usual = build(task, problem, block, (x) => x);
  const hasBlocks = suitsBlocks(problem, block) && needsInputGradient(problem);
  if (!hasBlocks) return [usual];
  const y = build(task, problem, block, unblocked);
  return [usual, task === "by weight" ? y : blocked(y)];
}

/** A graph that is loaded, with inputs and an output of its own. */
async function load(
  y: Value,
  { tuning, threads }: { readonly tuning: ConvTuning; readonly threads: number },
  owned: DisposableStack,
): Promise<{ readonly binding: Binding; readonly output: DeviceTensor }> {
  const model = withTarget(tuning, () => encodeModel({ outputs: keepBlocked({ y }) }));
  const session = owned.use(await Session.create(model, { threads }));
  const inputs = Object.fromEntries(
    session.inputs.map(({ name, shape }) => [
      name,
      owned.use(DeviceTensor.from(hashedTensor(name, shape))),
    ]),
  );
  const output = owned.use(DeviceTensor.empty(y.type));
  return { binding: owned.use(session.bind(inputs, { y: output })), output };
}

function meanSquare(output: DeviceTensor): number {
  const data = output.data as Float32Array;
  let sum = 0;
  for (const value of data) sum += value * value;
  return sum / data.length;
}

async function timeTurn(binding: Binding): Promise<number[]> {
  await binding.run();
  const times: number[] = [];
  for (let run = 0; run < RUNS_IN_A_TURN; run++) {
    const began = performance.now();
    await binding.run();
    times.push(performance.now() - began);
  }
  return times;
}

/** The fastest run of all ways: what else the machine does makes runs slower, never faster. */
function fastest(ways: readonly { readonly times: readonly number[] }[]): number {
  return Math.min(...ways.flatMap(({ times }) => times));
}

/** The question for PyTorch's side. */
function question(task: Task, layout: string, { x, w, y, attributes }: ConvProblem): string {
  const { strides, pads, dilations, group } = attributes;
  const problem = { x, w, dy: y, strides, pads, dilations, group };
  return JSON.stringify({ task, layout, problem, runs: RUNS_IN_A_TURN });
}

/** Milliseconds of a task on both sides. */
async function compareTask(
  task: Task,
  problem: ConvProblem,
  peer: Peer,
  { tuning, threads, turns }: PeerOptions & { readonly tuning: ConvTuning },
): Promise<Both> {
  using owned = new DisposableStack();
  const ours: { binding: Binding; output: DeviceTensor; times: number[] }[] = [];
  for (const y of graphsOf(task, problem, tuning.channelBlock ?? 1)) {
    ours.push({ ...await load(y, { tuning, threads }, owned), times: [] });
  }
  const theirs = ["contiguous", "channels-last"].map((layout) => ({
    asked: question(task, layout, problem),
    times: [] as number[],
  }));
  for (let turn = 0; turn < turns; turn++) {
    for (const { binding, times } of ours) times.push(...await timeTurn(binding));
    // In the blocked layout our inputs are other ones.
    const expected = meanSquare(ours[0]!.output);
    for (const { asked, times } of theirs) {
      const answer = JSON.parse(await peer.ask(asked));
      times.push(...answer.milliseconds);
      if (Math.abs(expected / answer.meanSquare - 1) <= TOLERANCE) continue;
      throw new Error(
        `Cannot compare ${asked}: the mean squares of the results must agree within ${TOLERANCE}, ` +
          `found ours ${expected} and PyTorch's ${answer.meanSquare}`,
      );
    }
  }
  return [fastest(ours), fastest(theirs)];
}

/** A convolution in short: channels, kernel, strides and the images that it reads. */
function describeProblem({ x, w, attributes: { strides, group } }: ConvProblem): string {
  const stride = strides.every((n) => n === 1) ? "" : ` / ${strides[0]}`;
  const groups = group === 1 ? "" : ` in ${group} groups`;
  return `${x[1]} -> ${w[0]}${groups}, ${w[2]}x${w[3]}${stride}, on ${x[2]}x${x[3]}`;
}

function figures([ours, theirs]: Both, gflop: number): string {
  const rate = (milliseconds: number) => (1000 * gflop / milliseconds).toFixed(0).padStart(5);
  return `${rate(ours)} ${rate(theirs)}  ${(theirs / ours).toFixed(2).padStart(5)}`;
}

const NAME_WIDTH = 36;

function line(name: string, count: string, columns: readonly string[]): string {
  return [name.padEnd(NAME_WIDTH), count.padStart(5), ...columns].join("   ");
}

/** What a network's convolutions take, over all of one kind. */
class Sums {
  readonly #both: [ours: number, theirs: number] = [0, 0];
  #gflop = 0;

  add([ours, theirs]: Both, { problem, count }: CountedProblem): void {
    this.#both[0] += count * ours;
    this.#both[1] += count * theirs;
    this.#gflop += count * operations(problem) / 1e9;
  }

  get both(): Both {
    return this.#both;
  }

  toString(): string {
    return figures(this.#both, this.#gflop);
  }
}

/** Times the convolutions of a network beside PyTorch's, and prints a line for each. */
export async function comparePeer(
  configuration: Configuration,
  options: PeerOptions,
): Promise<void> {
  const { python, threads } = options;
  const { name, size, batch } = configuration;
  const tuning = await deviceTuning({ device: CPU, threads });
  console.log(
    `${name} ${size} px, batch ${batch}, threads: ${threads}, blocks of ${
      tuning.channelBlock ?? 1
    }; GFLOP/s of the fastest runs, ours, PyTorch's, and the ratio:`,
  );
  console.log(line("convolution", "times", TASKS.map((task) => task.padStart(18))));
  const script = new URL("../reference/bench_conv.py", import.meta.url).pathname;
  await using peer = new Peer(python, [script, String(threads)]);
  const sums = TASKS.map(() => new Sums());
  for (const counted of convolutionsOf(configuration)) {
    const { problem, count } = counted;
    const columns: string[] = [];
    for (const [i, task] of TASKS.entries()) {
      if (task === "by input" && !needsInputGradient(problem)) {
        columns.push(" ".repeat(18));
        continue;
      }
      const both = await compareTask(task, problem, peer, { ...options, tuning });
      sums[i]!.add(both, counted);
      columns.push(figures(both, operations(problem) / 1e9));
    }
    console.log(line(describeProblem(problem), String(count), columns));
  }
  console.log(line("all", "", sums.map(String)));
  const [ours, theirs] = [0, 1].map((side) => sums.reduce((sum, { both }) => sum + both[side]!, 0));
  console.log(
    `all of them together take ${ours!.toFixed(0)} ms, PyTorch's ${theirs!.toFixed(0)} ms: ` +
      `${(theirs! / ours!).toFixed(2)} times its speed\n`,
  );
}
