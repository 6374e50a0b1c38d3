/**
 * Whether a device computes operators as the CPU does.
 *
 * @module
 */
import { gradients } from "../../autodiff/gradients.ts";
import { elementCount, type Shape } from "../../graph/shape.ts";
import { float32, type Tensor } from "../../graph/tensor.ts";
import { type GraphTarget, withTarget } from "../../graph/target.ts";
import { input, type Value } from "../../graph/value.ts";
import { encodeModel } from "../../onnx/encode_model.ts";
import { RandomStream } from "../../random/random_stream.ts";
import { CPU, type Device } from "../device.ts";
import { OrtError } from "../error.ts";
import { Session } from "../session.ts";
import type { OperatorTrial } from "./operator_trial.ts";
import { trialsFor } from "./operator_trials.ts";

/** An operator that a device computes wrongly. */
export interface WrongOperator {
  /** What it is, as in `Slice backwards`. */
  readonly name: string;
  /** How, as in `off by 0.5 of 2`. */
  readonly fault: string;
}

const TOLERANCE = 5e-3;

interface BuiltTrial {
  readonly trial: OperatorTrial;
  readonly outputs: Readonly<Record<string, Value>>;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** Numbers from -2 to 2 that float16 and TF32 have, so that they are the same wherever they are rounded. */
function numbers(shape: Shape, ...path: readonly (string | number)[]): number[] {
  const random = new RandomStream(0, "operator trial", ...path);
  return Array.from(
    { length: elementCount(shape) },
    () => Math.round(random.uniform(-2, 2) * 1024) / 1024,
  );
}

/** Builds a trial; names begin with its number, so that all can be parts of one model. */
function buildTrial(trial: OperatorTrial, index: number): BuiltTrial {
  const feeds: Record<string, Tensor> = {};
  const inputs: Record<string, Value> = {};
  for (const [key, shape] of Object.entries(trial.inputs)) {
    const name = `${index}.${key}`;
    inputs[key] = input(name, "float32", shape);
    feeds[name] = float32(shape, trial.values?.[key] ?? numbers(shape, trial.name, key));
  }
  const y = trial.build(inputs);
  const outputs: Record<string, Value> = { [`${index}:`]: y };
  if (trial.gradients) {
    const name = `${index}.seed`;
    feeds[name] = float32(y.shape, numbers(y.shape, trial.name, "seed"));
    const found = gradients(y, Object.values(inputs), { seed: input(name, "float32", y.shape) });
    Object.keys(inputs).forEach((key, i) => outputs[`${index}:gradient by ${key}`] = found[i]!);
  }
  return { trial, outputs, feeds };
}

async function runOn(
  device: Device,
  model: Uint8Array<ArrayBuffer>,
  feeds: BuiltTrial["feeds"],
  strict: boolean,
) {
  using session = await Session.create(model, { device, strict });
  return await session.run(feeds);
}

/** How what a device gives differs from what it should; nothing where it does not. */
function faultOf(found: Tensor, expected: Tensor, tolerance: number): string | undefined {
  const [given, wanted] = [found, expected].map(({ data }) => Array.from(data as Float32Array));
  const largest = Math.max(1e-3, ...wanted!.filter(Number.isFinite).map(Math.abs));
  let worst = 0;
  for (const [i, value] of wanted!.entries()) {
    const other = given![i]!;
    if (Object.is(value, other)) continue;
    if (!Number.isFinite(value) || !Number.isFinite(other)) return `${other} instead of ${value}`;
    worst = Math.max(worst, Math.abs(value - other));
  }
  return worst > tolerance * largest
    ? `off by ${worst.toPrecision(2)} of ${largest.toPrecision(2)}`
    : undefined;
}

/**
 * Runs some trials as one model on the device and on the CPU; gives the wrong ones.
 *
 * @param strict whether the device must take every node, rather than leave some to the CPU, which is right of course
 */
async function compare(
  device: Device,
  trials: readonly BuiltTrial[],
  strict: boolean,
): Promise<WrongOperator[]> {
  const feeds = Object.assign({}, ...trials.map((built) => built.feeds));
  const model = encodeTrials(trials);
  const found = await runOn(device, model, feeds, strict);
  const expected = await runOn(CPU, model, feeds, false);
  return trials.flatMap(({ trial: { name, tolerance = TOLERANCE }, outputs }) => {
    for (const key of Object.keys(outputs)) {
      const fault = faultOf(found[key]!, expected[key]!, tolerance);
      const part = key.slice(key.indexOf(":") + 1);
      if (fault !== undefined) return [{ name, fault: part === "" ? fault : `${part} ${fault}` }];
    }
    return [];
  });
}

function buildTrials(target: GraphTarget, trials: readonly OperatorTrial[]): BuiltTrial[] {
  return withTarget(target, () => trials.map(buildTrial));
}

function encodeTrials(trials: readonly BuiltTrial[]): Uint8Array<ArrayBuffer> {
  return encodeModel({ outputs: Object.assign({}, ...trials.map(({ outputs }) => outputs)) });
}

/** The model of all trials as it is written for a device: another one where operators are tested or written otherwise. */
export function trialModel({ provider }: Device): Uint8Array<ArrayBuffer> {
  const target = { provider };
  return encodeTrials(buildTrials(target, trialsFor(target)));
}

/**
 * Runs small graphs of all operators that networks and their training are made of on a device and on the CPU.
 *
 * @param target what the graphs are built for (default the device's provider)
 * @param trials the graphs (default those of what a device computes unless it is asked for otherwise)
 * @returns the operators whose results differ, none on a device that can be trusted
 * @throws {OrtError} if the device runs none of them, or each, but not all at once
 */
export async function testOperators(
  device: Device,
  target: GraphTarget = { provider: device.provider },
  trials: readonly OperatorTrial[] = trialsFor(target),
): Promise<WrongOperator[]> {
  const built = buildTrials(target, trials);
  // Built for another device, some nodes may have no kernel here.
  const strict = target.provider === device.provider;
  let fault: OrtError;
  try {
    return await compare(device, built, strict);
  } catch (error) {
    if (!(error instanceof OrtError)) throw error;
    fault = error;
  }
  // One of them stops all: each is run by itself to find which.
  const wrong: WrongOperator[] = [];
  for (const one of built) {
    try {
      wrong.push(...await compare(device, [one], strict));
    } catch (error) {
      if (!(error instanceof OrtError)) throw error;
      wrong.push({ name: one.trial.name, fault: error.message });
    }
  }
  // No operator is to blame where none or all are.
  if (wrong.length === 0 || wrong.length === built.length) throw fault;
  return wrong;
}
