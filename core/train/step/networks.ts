/**
 * The networks that a method builds: backbone and perceptrons, trained or following by a moving average.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import type { Value } from "../../engine/graph/value.ts";
import { mlp, type MlpLayer } from "../../engine/nn/mlp.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { concat } from "../../engine/ops/concat.ts";
import { split } from "../../engine/ops/split.ts";
import { stopGradient } from "../../engine/ops/stop_gradient.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import type {
  Encoder,
  Network,
  NetworkOptions,
  Role,
  TrainedNetwork,
} from "../../method/method.ts";
import type { Applications } from "./applications.ts";
import { checkLayerMembers } from "./known_members.ts";
import { MOMENTUM_ENCODER } from "./momentum_encoder.ts";

/** What networks are made of, and where. */
export interface NetworkPlace {
  /** Takes all parameters and buffers. */
  readonly scope: Scope;
  /** The network that is trained. */
  readonly backbone: Backbone;
  /** How parts of a network are applied. */
  readonly applications: Applications;
}

/** Where the parameters of a role are declared. */
function inRole<T>(
  scope: Scope,
  role: Role,
  batchNormGroups: number,
  build: (scope: Scope) => T,
): T {
  return role === "online"
    ? scope.within({ batchNormGroups }, build)
    : scope.enter(MOMENTUM_ENCODER, build, { frozen: true, batchNormGroups });
}

/** Applies a function to several tensors in one pass over their rows. */
function inOnePass(apply: (x: Value) => Value, parts: readonly Value[]): Value[] {
  if (parts.length === 1) return [apply(parts[0]!)];
  return split(apply(concat(parts, { axis: 0 })), parts.map(({ shape }) => shape[0]!), { axis: 0 });
}

/** Applies a function to several tensors, to those of one shape but for their rows in one pass. */
function inOnePassPerShape(apply: (x: Value) => Value, parts: readonly Value[]): Value[] {
  const groups = Map.groupBy(parts, ({ shape }) => shape.slice(1).join());
  const made = new Map<Value, Value>();
  for (const group of groups.values()) {
    inOnePass(apply, group).forEach((y, i) => made.set(group[i]!, y));
  }
  return parts.map((part) => made.get(part)!);
}

/** The parameters of a role, one part of the network at a time. */
export function makeEncoder(
  { scope, backbone, applications }: NetworkPlace,
  role: Role,
  { batchNormGroups = 1 }: NetworkOptions = {},
): Encoder {
  const within = <T>(build: (scope: Scope) => T) => inRole(scope, role, batchNormGroups, build);
  const part = (name: string, build: (scope: Scope, x: Value) => Value) => (x: Value) =>
    applications.network(name, x, () => within((place) => build(place, x)));
  return {
    width: backbone.width,
    backbone: part(
      "backbone",
      (place, images) => place.enter("backbone", (inner) => backbone.apply(inner, images)),
    ),
    mlp: (name, layers) => {
      checkLayerMembers(name, layers);
      return part(name, (place, x) => mlp(place, name, x, layers));
    },
    parameter: (name, shape, initializer) =>
      within((place) => place.parameter(name, shape, initializer)),
  };
}

/** Layers of perceptrons by name. */
type Heads = Readonly<Record<string, readonly MlpLayer[]>>;

/** A network of one role, whose output no gradient flows through where it follows by a moving average. */
function networkOf(
  first: ((images: Value) => Value) | undefined,
  heads: (x: Value) => Value,
  role: Role,
): Network {
  const finish = role === "online" ? (x: Value) => x : stopGradient;
  const apply = (x: Value) => finish(heads(first === undefined ? x : first(x)));
  const perView = (views: readonly Value[]) => {
    if (views.length === 0) {
      throw new GenviewTypeError(
        "Cannot apply a network per view: there must be a view, found none",
      );
    }
    const features = first === undefined ? views : inOnePassPerShape(first, views);
    return inOnePass(heads, features).map(finish);
  };
  return Object.assign(apply, { perView });
}

function bothRoles(build: (role: Role) => Network): TrainedNetwork {
  const momentum = build("momentum");
  const online = build("online");
  return Object.assign((x: Value) => online(x), { perView: online.perView, momentum });
}

/** The backbone and perceptrons behind it, of both roles. */
export function makeNetwork(
  place: NetworkPlace,
  heads: Heads = {},
  options: NetworkOptions = {},
): TrainedNetwork {
  return bothRoles((role) => {
    const encoder = makeEncoder(place, role, options);
    const chain = Object.entries(heads).map(([name, layers]) => encoder.mlp(name, layers));
    return networkOf(
      encoder.backbone,
      (features) => chain.reduce((x, head) => head(x), features),
      role,
    );
  });
}

/**
 * A perceptron by itself, of both roles.
 *
 * @param declared called with each parameter that is trained, whenever the perceptron is applied
 */
export function makeHead(
  place: NetworkPlace,
  name: string,
  layers: readonly MlpLayer[],
  declared: (parameter: Value) => void,
): TrainedNetwork {
  return bothRoles((role) => {
    const apply = makeEncoder(place, role).mlp(name, layers);
    const head = (x: Value) => {
      const y = apply(x);
      for (const declaration of place.scope.declarations.values()) {
        const own = declaration.kind === "trainable" && declaration.name.startsWith(`${name}.`);
        if (own) declared(declaration.value);
      }
      return y;
    };
    return networkOf(undefined, head, role);
  });
}
