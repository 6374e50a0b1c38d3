/**
 * Finding the fastest formulations by measurement.
 *
 * @module
 */
import { allocate } from "../../graph/dtype.ts";
import { elementCount, type Shape } from "../../graph/shape.ts";
import { type Tensor, tensor } from "../../graph/tensor.ts";
import { input, type Value } from "../../graph/value.ts";
import { RandomStream } from "../../random/random_stream.ts";
import { type Formulation, FORWARD } from "./forward.ts";
import { INPUT_GRADIENTS } from "./input_gradients.ts";
import { type ConvProblem, problemKey } from "./problem.ts";
import type { ConvChoice, ConvTuning } from "./tuning.ts";
import { WEIGHT_GRADIENTS } from "./weight_gradients.ts";

/** One way to compute a convolution or one of its gradients, ready to be timed. */
export interface Candidate {
  readonly task: keyof ConvChoice;
  readonly name: string;
  /** Builds the output from fresh inputs. */
  readonly build: () => Value;
}

/** Runs a graph several times on the machine to tune for, and gives the milliseconds that one run takes. */
export type TimeGraph = (
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
) => Promise<number>;

/** Elements of all taps of an input from which they are not tried at once: 1 GiB in float32. */
const MOST_COLUMNS = 2 ** 28;

function candidatesOf<Values>(
  task: keyof ConvChoice,
  formulations: Readonly<Record<string, Formulation<Values>>>,
  inputs: () => Values,
  problem: ConvProblem,
  block: number,
): Candidate[] {
  return Object.entries(formulations)
    .filter(([, { suits }]) => suits(problem, block))
    .map(([name, { build }]) => ({ task, name, build: () => build(inputs(), problem, block) }));
}

/** Whether the taps of the input, all at once, take too much memory to be worth trying. */
function isTooLarge({ task, name }: Candidate, { x, w }: ConvProblem): boolean {
  const taps = elementCount(w.slice(2));
  return task === "weightGradient" && name === "columns" && elementCount(x) * taps > MOST_COLUMNS;
}

/**
 * Every formulation of a convolution and its gradients that suits a problem; their inputs are named `x`, `w` and `dy`.
 *
 * @param block channels that the CPU's kernels block together, 1 without such kernels
 */
export function formulationsFor(problem: ConvProblem, block: number): Candidate[] {
  const named = (name: "x" | "w" | "y") =>
    input(name === "y" ? "dy" : name, problem.dtype, problem[name]);
  return [
    ...candidatesOf(
      "forward",
      FORWARD,
      () => ({ x: named("x"), w: named("w") }),
      problem,
      block,
    ),
    ...candidatesOf(
      "inputGradient",
      INPUT_GRADIENTS,
      () => ({ dy: named("y"), w: named("w") }),
      problem,
      block,
    ),
    ...candidatesOf(
      "weightGradient",
      WEIGHT_GRADIENTS,
      () => ({ x: named("x"), dy: named("y") }),
      problem,
      block,
    ),
  ].filter((candidate) => !isTooLarge(candidate, problem));
}

const FED_IN: Readonly<Record<keyof ConvChoice, readonly ("x" | "w" | "dy")[]>> = {
  forward: ["x", "w"],
  inputGradient: ["dy", "w"],
  weightGradient: ["x", "dy"],
};

function draw(name: string, problem: ConvProblem): Tensor {
  const shape: Shape = problem[name === "dy" ? "y" : name as "x" | "w"];
  const random = new RandomStream(0, "tune convolutions", name);
  const data = allocate(problem.dtype, elementCount(shape)) as Float32Array<ArrayBuffer>;
  for (let i = 0; i < data.length; i++) data[i] = random.uniform(-1, 1);
  return tensor(problem.dtype, shape, data as never);
}

/** The fastest formulations of one problem. */
async function tuneProblem(
  problem: ConvProblem,
  block: number,
  time: TimeGraph,
): Promise<Partial<ConvChoice>> {
  const best = new Map<string, { readonly name: string; readonly milliseconds: number }>();
  const drawn = new Map(["x", "w", "dy"].map((name) => [name, draw(name, problem)]));
  for (const { task, name, build } of formulationsFor(problem, block)) {
    const feeds = Object.fromEntries(FED_IN[task].map((key) => [key, drawn.get(key)!]));
    const milliseconds = await time({ y: build() }, feeds);
    const known = best.get(task);
    if (known === undefined || milliseconds < known.milliseconds) {
      best.set(task, { name, milliseconds });
    }
  }
  return Object.fromEntries([...best].map(([task, { name }]) => [task, name]));
}

/**
 * Times every formulation of every problem, and makes a tuning of the fastest ones. Problems come from
 * `observeConvolutions`; equal ones are timed once.
 *
 * @param known a tuning whose choices are kept
 */
export async function tuneConvolutions(
  problems: readonly ConvProblem[],
  time: TimeGraph,
  known: ConvTuning = {},
): Promise<ConvTuning> {
  const { channelBlock = 1 } = known;
  const choices: Record<string, Partial<ConvChoice>> = { ...known.choices };
  for (const problem of problems) {
    const key = problemKey(problem);
    if (choices[key] !== undefined) continue;
    choices[key] = await tuneProblem(problem, channelBlock, time);
  }
  return { channelBlock, choices };
}
