/**
 * Operators: one record each, with the type of what it makes, its ONNX form and its gradient together.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError, isGenviewError } from "../../errors/mod.ts";
import type { DType } from "./dtype.ts";
import { layerPath, withinLayer } from "./layer_path.ts";
import { type NamedValues, type Node, takeNodeIndex } from "./node.ts";
import { currentTarget, withTarget } from "./target.ts";
import { formatType, type Tensor, type TensorType } from "./tensor.ts";
import { Value } from "./value.ts";

/** An ONNX attribute, tagged with its type. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly dtype: DType };

/** How an application of an operator is written in ONNX. */
export interface OnnxForm {
  /** Attributes of the node. */
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Constant inputs that follow the values, such as the axes of ReduceSum. */
  readonly constants?: readonly (Tensor | undefined)[];
}

/**
 * What a gradient rule sees: the node's inputs and outputs by name, and `dy`, the gradient of the loss
 * by the operator's first output. Only the first output is differentiable.
 */
export type GradientValues<In extends string, Opt extends string, Out extends string> =
  & Readonly<Record<In | Out | "dy", Value>>
  & Readonly<Partial<Record<Opt, Value>>>;

/**
 * Gradients by input name. A name left out has no gradient. A gradient may still have the output's shape where
 * the input was broadcast: the walker sums it.
 */
export type GradientRule<
  In extends string,
  Opt extends string,
  Out extends string,
  A extends object,
> = (
  values: GradientValues<In, Opt, Out>,
  attributes: A,
) => Readonly<Partial<Record<In | Opt, Value>>>;

/**
 * What an operator computes in where a graph is in mixed precision (see `mixPrecision`); of floats alone, and only of those
 * that were float32:
 *
 * - `half`: in float16 or bfloat16, whatever it is given: convolutions and matrix products;
 * - `float32`: in float32, which its results stay in: sums, exponentials, losses;
 * - `within`: in float32, but its first result takes the type of its first input: normalisations;
 * - `itself`: what it is given, as it is: it keeps in float32 what must be, and saves the rest as it came;
 * - `widest`: in the widest type of what it is given: moves, and arithmetic element by element.
 */
export type OpPrecision = "half" | "float32" | "within" | "itself" | "widest";

/** What the SDK knows about one operator. */
export interface OpSpec<
  In extends string = string,
  Opt extends string = string,
  Out extends string = string,
  A extends object = object,
> {
  /** ONNX's name of the operator, or a name of ours for a composite. */
  readonly type: string;
  /** Operator domain; ONNX's own when left out. */
  readonly domain?: string;
  /** Names of the inputs, in ONNX's order; none for an operator that takes any number, in the order given. */
  readonly inputs: readonly In[];
  /** Names of the inputs that may be left out; they come after the others. */
  readonly optional?: readonly Opt[];
  /** Names of the outputs; only the first is differentiable. */
  readonly outputs: readonly Out[];
  /** Types of the outputs; throws a RangeError or TypeError with the reason alone. */
  readonly infer: (
    types: Readonly<Record<In, TensorType>> & Readonly<Partial<Record<Opt, TensorType>>>,
    attributes: A,
  ) => Readonly<Record<Out, TensorType>>;
  /** The ONNX form; without one the node has no attributes and no constants. */
  readonly onnx?: (attributes: A, types: Readonly<Record<string, TensorType>>) => OnnxForm;
  /** The gradient rule; "none" if there is no gradient, and "stops" if none is to flow through. */
  readonly gradient: "none" | "stops" | GradientRule<In, Opt, Out, A>;
  /**
   * Whether the runtime reads an element of an input of the output's shape no later than it writes the output's
   * (default false), so that the output may lie in the input's memory.
   */
  readonly elementWise?: boolean;
  /** What it computes in where the graph is in mixed precision (default `float32`, which loses nothing). */
  readonly precision?: OpPrecision;
}

/** A composite: several primitive operators with one gradient rule of its own. */
export interface CompositeSpec<
  In extends string,
  Opt extends string,
  Out extends string,
  A extends object,
> extends Omit<OpSpec<In, Opt, Out, A>, "infer" | "onnx" | "domain" | "elementWise"> {
  /** Builds the outputs from primitive operators; throws with the reason alone. */
  readonly expand: (
    inputs: Readonly<Record<In, Value>> & Readonly<Partial<Record<Opt, Value>>>,
    attributes: A,
  ) => Readonly<Record<Out, Value>>;
}

/** An operator with its names forgotten, as a node refers to it. */
export interface Op {
  /** ONNX's name of the operator, or a name of ours for a composite. */
  readonly type: string;
  /** Operator domain; empty for ONNX's own. */
  readonly domain: string;
  /** Names of the inputs, those that may be left out last; none if any number may be given. */
  readonly inputs: readonly string[];
  /** Names of the outputs. */
  readonly outputs: readonly string[];
  /** The ONNX form, if the node has attributes or constants. */
  readonly onnx:
    | ((attributes: object, types: Readonly<Record<string, TensorType>>) => OnnxForm)
    | undefined;
  /** The gradient rule; "none" if there is no gradient, and "stops" if none is to flow through. */
  readonly gradient:
    | "none"
    | "stops"
    | ((values: Readonly<Record<string, Value>>, attributes: object) => NamedValues);
  /** Whether an element of an input of the output's shape is read no later than the output's is written. */
  readonly elementWise: boolean;
  /** What it computes in where the graph is in mixed precision. */
  readonly precision: OpPrecision;
  /** Applies it to other inputs. */
  readonly apply: (inputs: NamedValues, attributes: object) => Readonly<Record<string, Value>>;
}

/** Applies an operator. */
export type Apply<
  In extends string,
  Opt extends string,
  Out extends string,
  A extends object,
> = (
  inputs: Readonly<Record<In, Value>> & Readonly<Partial<Record<Opt, Value | undefined>>>,
  attributes: A,
) => Readonly<Record<Out, Value>>;

function where(): string {
  const path = layerPath();
  return path === "" ? "" : ` in layer "${path}"`;
}

function describe(inputs: NamedValues): string {
  return Object.entries(inputs)
    .map(([name, value]) => `${name}: ${formatType(value!.type)}`)
    .join(", ");
}

/** What stands where a value should, in short. */
function describeOther(found: unknown): string {
  return typeof found === "object" || typeof found === "function"
    ? Array.isArray(found) ? "an array" : `a ${typeof found}`
    : JSON.stringify(found) ?? String(found);
}

/** The inputs that are given, in the operator's order. */
function ordered(spec: OpSpec, inputs: NamedValues): Record<string, Value> {
  const given: Record<string, Value> = {};
  const names = spec.inputs.length > 0 ? spec.inputs : Object.keys(inputs);
  for (const name of [...names, ...(spec.optional ?? [])]) {
    const value: unknown = inputs[name];
    if (value instanceof Value) given[name] = value;
    else if (value !== undefined) {
      throw new GenviewTypeError(
        `Cannot apply ${spec.type}${where()}: input "${name}" must be a value of the graph, found ${
          describeOther(value)
        }`,
      );
    } else if (spec.inputs.includes(name)) {
      throw new GenviewTypeError(`Cannot apply ${spec.type}${where()}: input "${name}" is missing`);
    }
  }
  return given;
}

/** Runs `compute`; prefixes its errors with the operator, the types of its inputs and the layer. */
export function applying<T>(type: string, inputs: NamedValues, compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    if (!isGenviewError(cause)) throw cause;
    const message = `Cannot apply ${type} to (${describe(inputs)})${where()}: ${cause.message}`;
    throw cause instanceof RangeError
      ? new GenviewRangeError(message, { cause })
      : new GenviewTypeError(message, { cause });
  }
}

function makeNode(
  op: Op,
  inputs: NamedValues,
  attributes: object,
  types: Readonly<Record<string, TensorType>>,
  expansion: NamedValues | undefined,
): Readonly<Record<string, Value>> {
  const outputs: Record<string, Value> = {};
  const node: Node = {
    index: takeNodeIndex(),
    op,
    inputs,
    outputs,
    attributes,
    path: layerPath(),
    target: currentTarget(),
    expansion,
  };
  for (const output of op.outputs) {
    const type = types[output];
    if (type === undefined) {
      throw new Error(`Internal: ${op.type} did not infer a type for "${output}"`);
    }
    outputs[output] = new Value(type, { kind: "output", node, output });
  }
  return outputs;
}

function typesOf(values: NamedValues): Record<string, TensorType> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value!.type]));
}

/** What operators and composites have in common, with the names forgotten. */
function eraseNames(
  {
    type,
    domain = "",
    inputs,
    optional = [],
    outputs,
    onnx,
    gradient,
    elementWise = false,
    precision = "float32",
  }: Omit<OpSpec, "infer">,
  apply: Op["apply"],
): Op {
  return {
    type,
    domain,
    inputs: [...inputs, ...optional],
    outputs,
    onnx,
    gradient: gradient as Op["gradient"],
    elementWise,
    precision,
    apply,
  };
}

/** Builds in the layer in which a node was made, and for its target, as what stands beside or in place of it. */
export function asBuilt<T>({ path, target }: Node, build: () => T): T {
  return withinLayer(path, () => withTarget(target, build));
}

/**
 * Applies a node's operator once more, to other values, in the node's layer and for its target.
 *
 * @param inputs by the names of the node's own
 */
export function reapply(node: Node, inputs: NamedValues): Readonly<Record<string, Value>> {
  return asBuilt(node, () => node.op.apply(inputs, node.attributes));
}

/** Turns a record into the function that applies the operator. */
export function defineOp<
  const In extends string,
  const Out extends string,
  const Opt extends string = never,
  A extends object = Record<never, never>,
>(spec: OpSpec<In, Opt, Out, A>): Apply<In, Opt, Out, A> {
  const erased = spec as unknown as OpSpec;
  const op: Op = eraseNames(erased, (inputs, attributes) => {
    const given = ordered(erased, inputs);
    const types = applying(spec.type, given, () => erased.infer(typesOf(given), attributes));
    return makeNode(op, given, attributes, types, undefined);
  });
  return op.apply as Apply<In, Opt, Out, A>;
}

/** Turns a composite's record into the function that applies it. */
export function defineComposite<
  const In extends string,
  const Out extends string,
  const Opt extends string = never,
  A extends object = Record<never, never>,
>(spec: CompositeSpec<In, Opt, Out, A>): Apply<In, Opt, Out, A> {
  const erased = spec as unknown as OpSpec & CompositeSpec<string, string, string, object>;
  const op: Op = eraseNames(erased, (inputs, attributes) => {
    const given = ordered(erased, inputs);
    const expansion = applying(spec.type, given, () => erased.expand(given, attributes));
    return makeNode(op, given, attributes, typesOf(expansion), expansion);
  });
  return op.apply as Apply<In, Opt, Out, A>;
}
