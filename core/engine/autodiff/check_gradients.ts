/**
 * Gradients checked by central differences, for tests of operators and for authors of losses.
 *
 * @module
 */
import { GenviewError, GenviewTypeError } from "../../errors/mod.ts";
import { isFloat } from "../graph/dtype.ts";
import { decodeNumbers, encodeNumbers } from "../graph/numbers.ts";
import { elementCount } from "../graph/shape.ts";
import { formatType, type Tensor, tensor, zeros } from "../graph/tensor.ts";
import { constant, input, type Value } from "../graph/value.ts";
import { RandomStream } from "../random/random_stream.ts";
import { gradients } from "./gradients.ts";

/** Runs a graph: the outputs' numbers for what is fed to the inputs. */
export type Evaluate = (
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
) => Promise<Readonly<Record<string, Tensor>>>;

/** A function of tensors, by name. */
export type Build = (inputs: Readonly<Record<string, Value>>) => Value;

/** Options of {@linkcode checkGradients}. */
export interface CheckGradientsOptions {
  /** Runs a graph. */
  readonly evaluate: Evaluate;
  /** Length of the step to either side (default 1e-5 in float64, 1e-2 otherwise). */
  readonly step?: number;
  /** Largest error allowed, relative to what is compared or to one (default 1e-7 in float64, 1e-3 otherwise). */
  readonly tolerance?: number;
}

/** Inputs of at most so many elements are also checked element by element. */
const SMALL = 24;

/** Directions in which all inputs move at once. */
const RANDOM_DIRECTIONS = 3;

/** A direction to move the inputs in. */
interface Direction {
  readonly name: string;
  readonly steps: ReadonlyMap<string, Float64Array>;
}

/** A float tensor as JavaScript's numbers. */
function numbers(value: Tensor): Float64Array {
  return Float64Array.from(decodeNumbers(value));
}

function likeTensor({ dtype, shape }: Tensor, values: Float64Array): Tensor {
  return tensor(dtype, shape, encodeNumbers(dtype, values));
}

function normal(length: number, random: RandomStream): Float64Array {
  return Float64Array.from({ length }, () => random.normal());
}

function directions(moved: ReadonlyMap<string, Tensor>, random: RandomStream): Direction[] {
  const found: Direction[] = [];
  for (const [name, { data }] of moved) {
    if (data.length > SMALL) continue;
    for (let i = 0; i < data.length; i++) {
      const steps = new Float64Array(data.length).fill(1, i, i + 1);
      found.push({ name: `element ${i} of "${name}"`, steps: new Map([[name, steps]]) });
    }
  }
  for (let i = 0; i < RANDOM_DIRECTIONS; i++) {
    const steps = [...moved].map(([name, { data }]) =>
      [name, normal(data.length, random)] as const
    );
    found.push({ name: `random direction ${i}`, steps: new Map(steps) });
  }
  return found;
}

/** The inputs that a direction moves, a step away. */
function move(
  inputs: ReadonlyMap<string, Tensor>,
  { steps }: Direction,
  step: number,
): Map<string, Tensor> {
  return new Map([...steps].map(([name, direction]) => {
    const start = inputs.get(name)!;
    return [
      name,
      likeTensor(start, numbers(start).map((value, i) => value + step * direction[i]!)),
    ];
  }));
}

/** Sum of the products of two lists. */
function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** What has been added, element by element. */
function differenceOf(after: Tensor, before: Tensor): Float64Array {
  const start = numbers(before);
  return numbers(after).map((value, i) => value - start[i]!);
}

/** Everything that is computed for one check, gathered so that it runs as one graph. */
class Plan {
  readonly outputs: Record<string, Value> = {};
  readonly feeds: Record<string, Tensor>;
  readonly #build: Build;
  readonly #start: Record<string, Value>;

  constructor(build: Build, inputs: Readonly<Record<string, Tensor>>) {
    this.#build = build;
    this.feeds = { ...inputs };
    this.#start = Object.fromEntries(
      Object.entries(inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
  }

  /** The function where the inputs are. */
  value(): Value {
    return this.outputs.value = this.#build(this.#start);
  }

  /** The gradients by some inputs, of the function weighted. */
  differentiate(y: Value, weights: Value, names: readonly string[]): void {
    const found = gradients(y, names.map((name) => this.#start[name]!), { seed: weights });
    names.forEach((name, i) => {
      if (found[i] !== undefined) this.outputs[`gradient of ${name}`] = found[i];
    });
  }

  /** The function where some inputs have moved to. */
  probe(label: string, moved: ReadonlyMap<string, Tensor>): void {
    const values = { ...this.#start };
    for (const [name, position] of moved) {
      const fed = `${name} ${label}`;
      this.feeds[fed] = position;
      values[name] = input(fed, position.dtype, position.shape);
    }
    this.outputs[label] = this.#build(values);
  }
}

/** The inputs a step to either side, and under which labels the function was computed there. */
interface Probe {
  readonly name: string;
  readonly before: { readonly label: string; readonly moved: ReadonlyMap<string, Tensor> };
  readonly after: { readonly label: string; readonly moved: ReadonlyMap<string, Tensor> };
}

/** The slope along a direction: by the gradients, and by what the function became. */
function compare(
  { before, after }: Probe,
  results: Readonly<Record<string, Tensor>>,
  weights: Float64Array,
  step: number,
): { expected: number; measured: number } {
  const rise = differenceOf(results[after.label]!, results[before.label]!);
  let expected = 0;
  for (const [name, position] of after.moved) {
    const gradient = results[`gradient of ${name}`];
    // The run as it was, after rounding; a gradient that does not exist is zero.
    const run = differenceOf(position, before.moved.get(name)!);
    if (gradient !== undefined) expected += dot(numbers(gradient), run);
  }
  return { expected: expected / (2 * step), measured: dot(rise, weights) / (2 * step) };
}

/**
 * Compares the gradients of a function of tensors with central differences, along random directions and, for small
 * inputs, element by element. What is differentiated is a random weighting of the function's elements.
 *
 * ```ts
 * import { checkGradients, type Evaluate } from "./check_gradients.ts";
 * import { tensor } from "../graph/tensor.ts";
 * import { tanh } from "../ops/tanh.ts";
 *
 * async function check(evaluate: Evaluate): Promise<number> {
 *   const x = tensor("float64", [2], Float64Array.of(-0.5, 2));
 *   return await checkGradients(({ x }) => tanh(x!), { x }, { evaluate });
 * }
 * ```
 *
 * @param build the function; it is called once for each position of the inputs
 * @param inputs where to differentiate; integers and booleans stay as they are
 * @returns the largest error found
 * @throws {Error} if a gradient and its difference differ by more than the tolerance
 * @throws {TypeError} if the function does not give a float
 */
export async function checkGradients(
  build: Build,
  inputs: Readonly<Record<string, Tensor>>,
  options: CheckGradientsOptions,
): Promise<number> {
  const plan = new Plan(build, inputs);
  const y = plan.value();
  if (!isFloat(y.dtype)) {
    throw new GenviewTypeError(
      `Cannot check gradients of a ${formatType(y.type)}: the function must give a float`,
    );
  }
  const precise = y.dtype === "float64";
  const { step = precise ? 1e-5 : 1e-2, tolerance = precise ? 1e-7 : 1e-3 } = options;
  const random = new RandomStream(0, "check gradients");
  const weights = likeTensor(zeros(y.dtype, y.shape), normal(elementCount(y.shape), random));
  const movable = new Map(Object.entries(inputs).filter(([, { dtype }]) => isFloat(dtype)));
  plan.differentiate(y, constant(weights), [...movable.keys()]);

  const probes = directions(movable, random).map((direction, i) => {
    const before = { label: `before ${i}`, moved: move(movable, direction, -step) };
    const after = { label: `after ${i}`, moved: move(movable, direction, step) };
    for (const { label, moved } of [before, after]) plan.probe(label, moved);
    return { name: direction.name, before, after };
  });
  const results = await options.evaluate(plan.outputs, plan.feeds);
  const errors = probes.map((probe) => {
    const { expected, measured } = compare(probe, results, numbers(weights), step);
    const size = Math.max(1, Math.abs(expected), Math.abs(measured));
    const error = Math.abs(expected - measured) / size;
    if (error <= tolerance) return error;
    throw new GenviewError(
      `Cannot confirm the gradient along ${probe.name}: it is ${expected}, ` +
        `the central difference ${measured}`,
    );
  });
  return Math.max(...errors);
}
