/**
 * `deno task bench conv`: every formulation of the convolutions of some networks, and of their gradients, timed. The
 * heuristic's choice is marked; the sums at the end say how far it is from the fastest formulations. With an interpreter
 * that has PyTorch, the chosen ones beside its convolutions.
 *
 * @module
 */
import process from "node:process";
import { elementCount } from "../core/engine/graph/shape.ts";
import { float32 } from "../core/engine/graph/tensor.ts";
import { input, type Value } from "../core/engine/graph/value.ts";
import { encodeModel } from "../core/engine/onnx/encode_model.ts";
import { chooseFormulations } from "../core/engine/ops/convolution/choose.ts";
import { type Formulation, FORWARD } from "../core/engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../core/engine/ops/convolution/input_gradients.ts";
import {
  type ConvProblem,
  operations,
  problemKey,
} from "../core/engine/ops/convolution/problem.ts";
import { WEIGHT_GRADIENTS } from "../core/engine/ops/convolution/weight_gradients.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../core/engine/ort/mod.ts";
import { RandomStream } from "../core/engine/random/random_stream.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { median } from "./alternate.ts";
import { comparePeer } from "./conv_peer.ts";
import {
  type Configuration,
  CONFIGURATIONS,
  convolutionsOf,
  needsInputGradient,
} from "./conv_problems.ts";
import { printProcessor } from "./processor.ts";

const COMMAND: Command = {
  name: "bench conv",
  summary: "Times the formulations of convolutions and their gradients on the CPU.",
  examples: [{
    command: "deno task bench conv --only resnet18",
    does: "the convolutions of one network, milliseconds by the clock and of the processor",
  }, {
    command: "deno task bench conv --only resnet18 --python python3 --threads 1",
    does:
      "the chosen formulations beside PyTorch's convolutions, with the interpreter that has torch",
  }],
  options: {
    type: "object",
    properties: {
      only: {
        type: "string",
        enum: ["", ...CONFIGURATIONS.map(({ name }) => name)],
        default: "",
        description: "one network instead of all",
      },
      batch: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "images in a batch (0: as many as the network is listed with)",
      },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of a run" },
      turns: { type: "integer", minimum: 1, default: 3, description: "turns of three runs each" },
      python: {
        type: "string",
        default: "",
        description: "interpreter with torch, to be compared with instead of formulations",
      },
    },
  },
};

interface Options {
  readonly only: string;
  readonly batch: number;
  readonly threads: number;
  readonly turns: number;
  readonly python: string;
}

interface Time {
  /** Median by the clock. */
  readonly milliseconds: number;
  /** Median of the processor's time, of all threads together. */
  readonly processor: number;
}

/** A formulation that is loaded, with inputs of its own. */
async function load(y: Value, threads: number, owned: DisposableStack): Promise<Binding> {
  const session = owned.use(await Session.create(encodeModel({ outputs: { y } }), { threads }));
  const random = new RandomStream(0, "bench conv");
  const inputs = Object.fromEntries(session.inputs.map(({ name, shape }) => {
    const values = Float32Array.from({ length: elementCount(shape) }, () => random.uniform(-1, 1));
    return [name, owned.use(DeviceTensor.from(float32(shape, values)))];
  }));
  return owned.use(session.bind(inputs, { y: owned.use(DeviceTensor.empty(y.type)) }));
}

async function timeRun(binding: Binding): Promise<Time> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  await binding.run();
  const { user, system } = process.cpuUsage(used);
  return { milliseconds: performance.now() - began, processor: (user + system) / 1000 };
}

/** Runs that follow each other. */
const RUNS_IN_A_TURN = 3;

/**
 * Medians of turns of each, so that a machine that slows down slows all. A turn begins with a run that does not count:
 * the threads of the one before still wait for work, at the cost of this one's.
 */
async function timeAll(values: readonly Value[], { threads, turns }: Options): Promise<Time[]> {
  using owned = new DisposableStack();
  const bindings: Binding[] = [];
  for (const y of values) bindings.push(await load(y, threads, owned));
  const times: Time[][] = values.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, binding] of bindings.entries()) {
      await binding.run();
      for (let run = 0; run < RUNS_IN_A_TURN; run++) times[i]!.push(await timeRun(binding));
    }
  }
  return times.map((runs) => ({
    milliseconds: median(runs.map(({ milliseconds }) => milliseconds)),
    processor: median(runs.map(({ processor }) => processor)),
  }));
}

interface Sums {
  chosen: number;
  fastest: number;
}

/** Times the formulations of one task, and prints a line each, the fastest first. */
async function compare<Values>(
  task: string,
  formulations: Readonly<Record<string, Formulation<Values>>>,
  values: Values,
  { problem, block, choice, count }: {
    readonly problem: ConvProblem;
    readonly block: number;
    readonly choice: string;
    readonly count: number;
  },
  options: Options,
  sums: Sums,
): Promise<void> {
  const suiting = Object.entries(formulations).filter(([, { suits }]) => suits(problem, block));
  const graphs = suiting.map(([, { build }]) => build(values, problem, block));
  const times = (await timeAll(graphs, options))
    .map((time, i) => ({ name: suiting[i]![0], ...time }))
    .sort((a, b) => a.milliseconds - b.milliseconds);
  for (const { name, milliseconds, processor } of times) {
    const rate = operations(problem) / milliseconds / 1e6;
    console.log(
      `  ${task.padEnd(9)} ${name === choice ? "*" : " "} ${name.padEnd(11)}` +
        `${milliseconds.toFixed(1).padStart(8)} ms ${processor.toFixed(1).padStart(8)} ms ` +
        `${rate.toFixed(0).padStart(5)} GFLOP/s`,
    );
  }
  sums.fastest += count * times[0]!.milliseconds;
  sums.chosen += count * times.find(({ name }) => name === choice)!.milliseconds;
}

async function benchmark(configuration: Configuration, options: Options): Promise<void> {
  const { channelBlock: block = 1 } = await deviceTuning({
    device: CPU,
    threads: options.threads,
  });
  console.log(
    `${configuration.name} ${configuration.size} px, batch ${configuration.batch}, ` +
      `${options.threads} threads, blocks of ${block}:`,
  );
  const sums: Sums = { chosen: 0, fastest: 0 };
  for (const { problem, count } of convolutionsOf(configuration)) {
    const chosen = chooseFormulations(problem, block);
    const x = input("x", "float32", problem.x);
    const w = input("w", "float32", problem.w);
    const dy = input("dy", "float32", problem.y);
    console.log(
      `${count} times ${problemKey(problem)}, ${(operations(problem) / 1e9).toFixed(2)} GFLOP`,
    );
    const given = { problem, block, count };
    const forward = { ...given, choice: chosen.forward };
    await compare("forward", FORWARD, { x, w }, forward, options, sums);
    if (needsInputGradient(problem)) {
      const choice = chosen.inputGradient;
      await compare("by input", INPUT_GRADIENTS, { dy, w }, { ...given, choice }, options, sums);
    }
    const choice = chosen.weightGradient;
    await compare("by weight", WEIGHT_GRADIENTS, { x, dy }, { ...given, choice }, options, sums);
  }
  console.log(
    `the chosen formulations (*) of all convolutions take ${sums.chosen.toFixed(0)} ms, ` +
      `the fastest ones ${sums.fastest.toFixed(0)} ms\n`,
  );
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  const chosen = CONFIGURATIONS.filter(({ name }) => !options.only || name === options.only);
  await printProcessor();
  for (const configuration of chosen) {
    const batch = options.batch || configuration.batch;
    await (options.python ? comparePeer : benchmark)({ ...configuration, batch }, options);
  }
}

if (import.meta.main) await runTask(main);
