/**
 * Which formulations of convolutions suit a machine: what its kernels can do, and, if asked for, what timing shows.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { withTarget } from "../../engine/graph/target.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { probeChannelBlock } from "../../engine/ops/convolution/blocked_layout.ts";
import { FORWARD } from "../../engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../../engine/ops/convolution/input_gradients.ts";
import { type ConvProblem, problemKey } from "../../engine/ops/convolution/problem.ts";
import type { ConvChoice, ConvTuning } from "../../engine/ops/convolution/tuning.ts";
import { formatConvTuning, parseConvTuning } from "../../engine/ops/convolution/tuning_table.ts";
import { WEIGHT_GRADIENTS } from "../../engine/ops/convolution/weight_gradients.ts";
import {
  describeDevice,
  DeviceTensor,
  ortVersion,
  type Placement,
  Session,
} from "../../engine/ort/mod.ts";
import { hardwareOf } from "../../engine/ort/self_test/hardware.ts";
import { writeNewFile } from "../../files/new_file.ts";

/** Runs of each formulation, after one that warms up; the fastest counts. */
const RUNS = 5;

/** What is known of a device without timing anything: what it is, and how the CPU's kernels block channels. */
export async function deviceTuning(target: Placement): Promise<ConvTuning> {
  const { provider } = target.device;
  if (provider !== "cpu") return { provider };
  const channelBlock = await probeChannelBlock(async (outputs) => {
    using session = await Session.create(encodeModel({ outputs }), target);
    return await session.run({});
  });
  return { provider, channelBlock };
}

/** Milliseconds of the fastest of some runs of a graph, on inputs of no special value. */
async function time(y: Value, target: Placement): Promise<number> {
  using owned = new DisposableStack();
  const session = owned.use(
    await Session.create(encodeModel({ outputs: { y } }), target),
  );
  const inputs = Object.fromEntries(session.inputs.map((type) => {
    const made = owned.use(DeviceTensor.empty(type, target.device));
    const data = new Float32Array(type.shape.reduce((a, b) => a * b, 1)).fill(0.01);
    made.write({ ...type, data } as Parameters<typeof made.write>[0]);
    return [type.name, made];
  }));
  const output = owned.use(DeviceTensor.empty(y.type, target.device));
  const binding = owned.use(session.bind(inputs, { y: output }));
  await binding.run();
  let least = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    await binding.run();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

/** The fastest of the formulations that compute a problem. */
async function fastest<Name extends string>(
  names: readonly Name[],
  build: (name: Name) => Value,
  target: Placement,
): Promise<Name> {
  let best = names[0]!;
  let least = Infinity;
  for (const name of names) {
    const milliseconds = await time(build(name), target);
    if (milliseconds < least) [best, least] = [name, milliseconds];
  }
  return best;
}

function suiting<Name extends string>(
  formulations: Readonly<
    Record<Name, { suits: (problem: ConvProblem, block: number) => boolean }>
  >,
  problem: ConvProblem,
  block: number,
): Name[] {
  return (Object.keys(formulations) as Name[]).filter((name) =>
    formulations[name].suits(problem, block)
  );
}

async function tune(
  problem: ConvProblem,
  known: ConvTuning,
  placement: Placement,
): Promise<ConvChoice> {
  const { channelBlock: block = 1 } = known;
  const x = input("x", problem.dtype, problem.x);
  const w = input("w", problem.dtype, problem.w);
  const dy = input("dy", problem.dtype, problem.y);
  return {
    forward: await fastest(
      suiting(FORWARD, problem, block),
      (name) => withTarget(known, () => FORWARD[name].build({ x, w }, problem, block)),
      placement,
    ),
    inputGradient: await fastest(
      suiting(INPUT_GRADIENTS, problem, block),
      (name) => withTarget(known, () => INPUT_GRADIENTS[name].build({ dy, w }, problem, block)),
      placement,
    ),
    weightGradient: await fastest(
      suiting(WEIGHT_GRADIENTS, problem, block),
      (name) => withTarget(known, () => WEIGHT_GRADIENTS[name].build({ x, dy }, problem, block)),
      placement,
    ),
  };
}

/** Where a table was measured: it says nothing of what is fastest elsewhere. */
function circumstances({ device, threads }: Placement): Readonly<Record<string, unknown>> {
  return {
    onnxruntime: ortVersion(),
    device: describeDevice(device),
    hardware: hardwareOf(device),
    threads: threads || `all of ${navigator.hardwareConcurrency}`,
  };
}

/** The choices that a file holds, if they were measured where the graph is to run; none without a file. */
async function readChoices(
  cache: string,
  channelBlock: number,
  measuredOn: Readonly<Record<string, unknown>>,
): Promise<ConvTuning["choices"]> {
  if (!existsSync(cache)) return {};
  const text = await Deno.readTextFile(cache);
  const known = parseConvTuning(text);
  const same = known.channelBlock === channelBlock &&
    JSON.stringify(JSON.parse(text).measuredOn) === JSON.stringify(measuredOn);
  return same ? known.choices : {};
}

/**
 * Times the formulations of the convolutions of a graph, and remembers the fastest in a file.
 *
 * @param cache path of a JSON file, whose folder is made; choices that it holds are not timed again if the device, its
 * hardware, the threads and the version of ONNX Runtime are the same, and make room for new ones if not. A program
 * that may not ask for the processor's model (`--allow-sys=cpus`) takes its table for any processor
 * @param onProgress called with the number of convolutions that are done, and of all
 * @returns choices for these convolutions
 * @throws {SyntaxError} if the file holds something else
 */
export async function autotune(
  convolutions: readonly ConvProblem[],
  target: Placement,
  cache: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<ConvTuning> {
  const known = await deviceTuning(target);
  const { channelBlock = 1 } = known;
  const measuredOn = circumstances(target);
  const choices = { ...await readChoices(cache, channelBlock, measuredOn) };
  const problems = new Map(convolutions.map((problem) => [problemKey(problem), problem]));
  const missing = [...problems].filter(([key]) => !Object.hasOwn(choices, key));
  // Before the timing, which would be lost.
  if (missing.length > 0) await Deno.mkdir(dirname(cache), { recursive: true });
  for (const [done, [key, problem]] of missing.entries()) {
    onProgress(done, missing.length);
    choices[key] = await tune(problem, known, target);
  }
  if (missing.length > 0) {
    const text = formatConvTuning({ channelBlock, choices }, { measuredOn });
    const bytes = new TextEncoder().encode(text);
    await writeNewFile(cache, bytes, { overwrite: true });
  }
  const used = [...problems.keys()].map((key) => [key, choices[key]!]);
  return { ...known, choices: Object.fromEntries(used) };
}
