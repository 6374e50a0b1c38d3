/**
 * Reverse-mode differentiation of graphs.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { isFloat } from "../graph/dtype.ts";
import { type Node, nodesLeadingTo, readBy } from "../graph/node.ts";
import { asBuilt } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { withTarget } from "../graph/target.ts";
import { filled, formatType, sameType } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { sumTo } from "../ops/sum_to.ts";

/** Options of {@linkcode gradients}. */
export interface GradientsOptions {
  /** Gradient of what is sought by `loss`, of its type (default: one). */
  readonly seed?: Value;
}

/** The values on a path from one of `sources` to the nodes. */
function dependents(nodes: readonly Node[], sources: readonly Value[]): Set<Value> {
  const needed = new Set<Value>(sources);
  for (const node of nodes) {
    if (node.op.gradient === "stops") continue;
    if (readBy(node).some((value) => needed.has(value) && isFloat(value.dtype))) {
      for (const output of Object.values(node.outputs)) needed.add(output);
    }
  }
  return needed;
}

function place(node: Node): string {
  return node.path === "" ? node.op.type : `${node.op.type} in layer "${node.path}"`;
}

/** The gradients by a node's inputs, checked and summed to the shapes of the inputs. */
function inputGradients(node: Node, dy: Value): [Value, Value][] {
  const { op, inputs, outputs, attributes } = node;
  const { gradient } = op;
  if (gradient === "stops") return [];
  if (gradient === "none") {
    throw new GenviewTypeError(`Cannot differentiate through ${place(node)}: it has no gradient`);
  }
  const values = { ...inputs, ...outputs, dy } as Readonly<Record<string, Value>>;
  const given = asBuilt(node, () => gradient(values, attributes));
  return Object.entries(given).flatMap(([name, gradient]): [Value, Value][] => {
    const input = inputs[name];
    if (gradient === undefined || input === undefined) return [];
    const summed = withTarget(node.target, () => sumTo(gradient, input.shape));
    if (summed.dtype !== input.dtype) {
      throw new Error(
        `Internal: the gradient of ${place(node)} by "${name}" is ${formatType(gradient.type)}, ` +
          `but "${name}" is ${formatType(input.type)}`,
      );
    }
    return [[input, summed]];
  });
}

/**
 * The gradients of a scalar by some values, in the same order; a value on which the scalar does not depend, or only
 * through {@linkcode stopGradient}, has the gradient undefined.
 *
 * The gradient nodes are made from the loss backwards, so that each activation's last reader comes early.
 *
 * @throws {TypeError} if an operator on the way has no gradient, the loss is not a float, or the seed not of its type
 * @throws {RangeError} if the loss is not a scalar and no seed is given
 */
export function gradients(
  loss: Value,
  values: readonly Value[],
  options: GradientsOptions = {},
): (Value | undefined)[] {
  if (!isFloat(loss.dtype)) {
    throw new GenviewTypeError(
      `Cannot differentiate a ${formatType(loss.type)}: the loss must be a float`,
    );
  }
  if (options.seed === undefined && elementCount(loss.shape) !== 1) {
    throw new GenviewRangeError(
      `Cannot differentiate a ${formatType(loss.type)} without a seed: the loss must be a scalar`,
    );
  }
  if (options.seed !== undefined && !sameType(options.seed.type, loss.type)) {
    throw new GenviewTypeError(
      `Cannot differentiate a ${formatType(loss.type)}: the seed must be of its type, found ${
        formatType(options.seed.type)
      }`,
    );
  }
  const nodes = nodesLeadingTo([loss], false);
  const needed = dependents(nodes, values);
  const found = new Map<Value, Value>();
  if (needed.has(loss)) {
    found.set(loss, options.seed ?? constant(filled(loss.dtype, loss.shape, 1)));
  }
  for (const node of nodes.toReversed()) {
    const [differentiable, ...auxiliary] = Object.values(node.outputs);
    for (const value of auxiliary) {
      if (found.has(value)) {
        throw new GenviewTypeError(
          `Cannot differentiate through ${place(node)}: only its first output has a gradient`,
        );
      }
    }
    const dy = differentiable && found.get(differentiable);
    if (dy === undefined) continue;
    for (const [input, gradient] of inputGradients(node, dy)) {
      if (!needed.has(input)) continue;
      const known = found.get(input);
      const sum = () => known === undefined ? gradient : add(known, gradient);
      found.set(input, withTarget(node.target, sum));
    }
    if (!values.includes(differentiable!)) found.delete(differentiable!);
  }
  return values.map((value) => found.get(value));
}
