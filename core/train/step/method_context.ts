/**
 * What the SDK hands to a method.
 *
 * @module
 */
import { encodeNumbers } from "../../engine/graph/numbers.ts";
import { formatType, tensor } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import * as initializers from "../../engine/nn/initializers.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { l2Normalize } from "../../engine/ops/l2_normalize.ts";
import * as operators from "../../engine/ops/mod.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import * as losses from "../../losses/mod.ts";
import { PluginRefusal } from "../../method/plugin_error.ts";
import type { MethodContext } from "../../method/method.ts";
import type { ContextInputs } from "./context_inputs.ts";
import { makeEncoder, makeHead, makeNetwork, type NetworkPlace } from "./networks.ts";
import {
  checkedModule,
  checkFreezeOptions,
  checkNetworkOptions,
  INITIALIZERS,
  LOSSES,
  OPERATORS,
} from "./known_members.ts";
import { checkValue } from "./method_outputs.ts";
import { makeQueue } from "./queue.ts";

/** What a context is made of. */
export interface ContextParts extends NetworkPlace {
  /** The method's options, checked and filled in. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The views, `[N,3,H,W]` each. */
  readonly views: readonly Value[];
  /** Samples in the batch. */
  readonly batchSize: number;
  /** Takes all inputs that the method asks for. */
  readonly inputs: ContextInputs;
  /** Takes, by a parameter's full name, whether it stays as it is. */
  readonly frozen: Map<string, Value>;
  /** Takes, by a parameter's full name, what it becomes after each update. */
  readonly constrain: (parameter: string, constraint: (updated: Value) => Value) => void;
}

/**
 * Full name of a trained parameter.
 *
 * @param action what cannot be done with any other value
 */
function nameOf(action: string, { source }: Value, scope: Scope): string {
  if (source.kind === "input" && scope.declarations.get(source.name)?.kind === "trainable") {
    return source.name;
  }
  throw new GenviewTypeError(`Cannot ${action} a value that is not a trained parameter`);
}

/** What keeps prototypes at unit length. */
const unitLength = (rows: Value) => l2Normalize(rows);

/** The context of a method. */
export function makeContext(parts: ContextParts): MethodContext {
  const { options, views, batchSize, scope, inputs, frozen, applications } = parts;
  const constraints = new Map<string, (updated: Value) => Value>();
  const constrain: MethodContext["constrain"] = (parameter, constraint) => {
    const name = nameOf("constrain", parameter, scope);
    const known = constraints.get(name) ?? constraint;
    if (known !== constraint) {
      throw new GenviewTypeError(`Cannot constrain "${name}" twice: make one constraint of both`);
    }
    constraints.set(name, constraint);
    parts.constrain(name, constraint);
  };
  const freeze: MethodContext["freeze"] = (parameter, when) => {
    const name = nameOf("freeze", parameter, scope);
    checkValue(`freeze "${name}": the condition must be`, when);
    if (when.dtype !== "bool" || when.rank !== 0) {
      throw new GenviewTypeError(
        `Cannot freeze "${name}": the condition must be a bool[], found ${formatType(when.type)}`,
      );
    }
    const known = frozen.get(name) ?? when;
    frozen.set(name, known === when ? when : operators.or(known, when));
  };
  const firstLocal = views.findIndex(({ shape }) => shape[2] !== views[0]!.shape[2]);
  return {
    options,
    views,
    globalViews: firstLocal === -1 ? views : views.slice(0, firstLocal),
    batchSize,
    get pairWeights() {
      return inputs.pairWeights;
    },
    get step() {
      return inputs.step;
    },
    get epoch() {
      return inputs.epoch;
    },
    weightsOfPair: (first, second) => inputs.weightsOfPair(first, second),
    ops: checkedModule("ops", operators, OPERATORS),
    losses: checkedModule("losses", losses, LOSSES),
    initializers: checkedModule("initializers", initializers, INITIALIZERS),
    network: (heads, networkOptions = {}) => {
      checkNetworkOptions(networkOptions);
      return makeNetwork(parts, heads, networkOptions);
    },
    head: (name, layers, headOptions = {}) => {
      checkFreezeOptions(name, headOptions);
      const { frozen: when } = headOptions;
      return makeHead(parts, name, layers, (parameter) => {
        if (when !== undefined) freeze(parameter, when);
      });
    },
    encoder: (role) => makeEncoder(parts, role),
    prototypes: (name, count, width, prototypeOptions = {}) => {
      checkFreezeOptions(name, prototypeOptions);
      const { frozen: when } = prototypeOptions;
      const drawn = initializers.torchDefault(width);
      const rows = scope.parameter(name, [count, width], initializers.unitRows(drawn));
      constrain(rows, unitLength);
      if (when !== undefined) freeze(rows, when);
      return rows;
    },
    queue: (name, length, width) => makeQueue(scope, name, length, width),
    permutation: (name) => applications.permutation(name, inputs.permutation(name)),
    constant: (data, shape, dtype = "float32") =>
      constant(tensor(dtype, shape, encodeNumbers(dtype, Array.from(data)))),
    buffer: (name, shape, initializer, dtype) => {
      const read = () => scope.buffer(name, shape, initializer, dtype);
      read();
      const write = (value: Value) =>
        scope.write(name, checkValue(`write buffer "${name}": it must become`, value));
      return { read, write };
    },
    scheduled: (name) => inputs.scalar(name),
    constrain,
    freeze,
    refuse: (message) => {
      throw new PluginRefusal(message);
    },
  };
}
