/**
 * The networks that a method builds: backbone and perceptrons, trained or following by a moving average.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import type { Value } from "../../engine/graph/value.ts";
import { mlp, type MlpLayer } from "../../engine/nn/mlp.ts";
import type { PlaceOptions, Scope } from "../../engine/nn/scope.ts";
import { concat } from "../../engine/ops/concat.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { split } from "../../engine/ops/split.ts";
import { stopGradient } from "../../engine/ops/stop_gradient.ts";
import { transpose } from "../../engine/ops/transpose.ts";
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
  place: PlaceOptions,
  build: (scope: Scope) => T,
): T {
  return role === "online"
    ? scope.within(place, build)
    : scope.enter(MOMENTUM_ENCODER, build, { ...place, frozen: true });
}

/** Rows of concatenated views, `[V N,...]`, as rows of interleaved ones, `[N V,...]`. */
function interleaved(x: Value, views: number): Value {
  return exchanged(x, [views, x.shape[0]! / views]);
}

/** The same the other way around. */
function concatenated(x: Value, views: number): Value {
  return exchanged(x, [x.shape[0]! / views, views]);
}

/** What rows were exchanged to, and between how many views and samples: exchanged back, they are what they were. */
const EXCHANGED = new WeakMap<Value, { readonly from: Value; readonly outer: number }>();

function exchanged(x: Value, [outer, inner]: readonly [number, number]): Value {
  if (outer === 1 || inner === 1) return x;
  const before = EXCHANGED.get(x);
  if (before?.outer === inner) return before.from;
  const y = reshape(transpose(reshape(x, [outer, inner, -1]), [1, 0, 2]), x.shape);
  EXCHANGED.set(y, { from: x, outer });
  return y;
}

/** Applies a function to several tensors in one pass over their rows. */
function inOnePass(apply: (x: Value) => Value, parts: readonly Value[]): Value[] {
  if (parts.length === 1) return [apply(parts[0]!)];
  return split(apply(concat(parts, { axis: 0 })), parts.map(({ shape }) => shape[0]!), { axis: 0 });
}

/** Applies a function to several tensors, to those of one kind together. */
function byKind(
  apply: (kind: readonly Value[]) => readonly Value[],
  parts: readonly Value[],
  kindOf: (part: Value) => string,
): Value[] {
  const indices = Map.groupBy(parts.keys(), (i) => kindOf(parts[i]!));
  const made = new Array<Value>(parts.length);
  for (const kind of indices.values()) {
    apply(kind.map((i) => parts[i]!)).forEach((y, at) => made[kind[at]!] = y);
  }
  return made;
}

/** A part of a network, applied to rows of so many views, one view after the other (default 1). */
type Part = (x: Value, views?: number) => Value;

/** The parts of a network of one role. */
interface Parts {
  readonly backbone: Part;
  readonly mlp: (name: string, layers: readonly MlpLayer[]) => Part;
  readonly within: <T>(build: (scope: Scope) => T) => T;
}

function makeParts(
  { scope, backbone, applications }: NetworkPlace,
  role: Role,
  { batchNormGroups = 1 }: NetworkOptions = {},
): Parts {
  const part = (name: string, build: (scope: Scope, x: Value) => Value): Part => (x, views = 1) =>
    applications.network(name, x, () => {
      const rows = interleaved(x, views);
      const place = { batchNormGroups, views };
      return concatenated(inRole(scope, role, place, (inner) => build(inner, rows)), views);
    });
  return {
    backbone: part(
      "backbone",
      (place, images) => place.enter("backbone", (inner) => backbone.apply(inner, images)),
    ),
    mlp: (name, layers) => {
      checkLayerMembers(name, layers);
      return part(name, (place, x) => mlp(place, name, x, layers));
    },
    within: (build) => inRole(scope, role, { batchNormGroups }, build),
  };
}

/** The parameters of a role, one part of the network at a time. */
export function makeEncoder(place: NetworkPlace, role: Role): Encoder {
  const { backbone, mlp, within } = makeParts(place, role);
  return {
    width: place.backbone.width,
    backbone: (images) => backbone(images),
    mlp: (name, layers) => {
      const head = mlp(name, layers);
      return (x) => head(x);
    },
    parameter: (name, shape, initializer) =>
      within((scope) => scope.parameter(name, shape, initializer)),
  };
}

/** Layers of perceptrons by name. */
type Heads = Readonly<Record<string, readonly MlpLayer[]>>;

/** A network of one role, whose output no gradient flows through where it follows by a moving average. */
function networkOf(first: Part | undefined, heads: Part, role: Role): Network {
  const finish = role === "online" ? (x: Value) => x : stopGradient;
  const apply: Part = (x, views = 1) =>
    finish(heads(first === undefined ? x : first(x, views), views));
  const check = (views: readonly Value[]) => {
    if (views.length > 0) return;
    throw new GenviewTypeError("Cannot apply a network to views: there must be one, found none");
  };
  const perView = (views: readonly Value[]) => {
    check(views);
    const kindOf = ({ shape }: Value) => shape.slice(1).join();
    const features = first === undefined
      ? views
      : byKind((kind) => inOnePass((x) => first(x), kind), views, kindOf);
    return inOnePass((x) => heads(x), features).map(finish);
  };
  const eachView = (views: readonly Value[]) => {
    check(views);
    const together = (kind: readonly Value[]) => inOnePass((x) => apply(x, kind.length), kind);
    return byKind(together, views, ({ shape }) => shape.join());
  };
  return Object.assign((x: Value) => apply(x), { perView, eachView });
}

function bothRoles(build: (role: Role) => Network): TrainedNetwork {
  const momentum = build("momentum");
  const online = build("online");
  const { perView, eachView } = online;
  return Object.assign((x: Value) => online(x), { perView, eachView, momentum });
}

/** The backbone and perceptrons behind it, of both roles. */
export function makeNetwork(
  place: NetworkPlace,
  heads: Heads = {},
  options: NetworkOptions = {},
): TrainedNetwork {
  return bothRoles((role) => {
    const { backbone, mlp } = makeParts(place, role, options);
    const chain = Object.entries(heads).map(([name, layers]) => mlp(name, layers));
    const all: Part = (features, views) => chain.reduce((x, head) => head(x, views), features);
    return networkOf(backbone, all, role);
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
    const apply = makeParts(place, role).mlp(name, layers);
    const head: Part = (x, views) => {
      const y = apply(x, views);
      for (const declaration of place.scope.declarations.values()) {
        const own = declaration.kind === "trainable" && declaration.name.startsWith(`${name}.`);
        if (own) declared(declaration.value);
      }
      return y;
    };
    return networkOf(undefined, head, role);
  });
}
