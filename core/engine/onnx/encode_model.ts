/**
 * Graphs as models in the ONNX format.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import {
  create,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  toBinary,
  type ValueInfoProto,
} from "../../deps/protobuf.ts";
import { isFloat } from "../graph/dtype.ts";
import { type Node, nodesLeadingTo, producer, readBy, resolve } from "../graph/node.ts";
import { sameShape } from "../graph/shape.ts";
import { bytesOf, formatType, sameType, type Tensor, type TensorType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { HOST_DOMAIN } from "../ops/_collective.ts";
import { encodeAttribute } from "./attributes.ts";
import { checkCopy, checkNode } from "./kernels/check_kernel.ts";
import { IR_VERSION, MICROSOFT_DOMAIN, ONNX_OPSET } from "./opset.ts";
import {
  encodeExternalTensor,
  encodeTensor,
  encodeValueInfo,
  type ExternalTensor,
} from "./tensors.ts";

/** What a model is made of. */
export interface ModelDescription {
  /** Values to compute, by the name under which they are fetched. */
  readonly outputs: Readonly<Record<string, Value>>;
  /**
   * Inputs, by name, that are fixed in the model instead of being fed: weights of an exported network. One of another
   * floating-point type than its input's is converted when the model is loaded.
   */
  readonly initializers?: ReadonlyMap<string, Tensor | ExternalTensor>;
  /** Inputs to declare even if no output depends on them, and the order of all that are listed. */
  readonly inputs?: readonly Value[];
  /** Texts stored in the model under their keys. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Whether the model says the type of every value that a node makes, as {@linkcode traceModel} needs it (default no):
   * ONNX Runtime infers the types by itself.
   */
  readonly typed?: boolean | undefined;
}

/** Text of one character for each byte. */
const ONE_BYTE = new TextDecoder("latin1");

/** Constants up to this many bytes are written once, however often they occur. */
const SHARED_CONSTANT_BYTES = 65536;

/** Gives every value of a graph its name in the model. */
class Names {
  readonly #names = new Map<Value, string>();
  readonly #constants = new Map<string, string>();
  readonly #reserved: ReadonlySet<string>;
  readonly initializers: TensorProto[] = [];
  #count = 0;

  /** @param reserved names of inputs and outputs, which no other value may have */
  constructor(reserved: ReadonlySet<string>) {
    this.#reserved = reserved;
  }

  set(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  has(value: Value): boolean {
    return this.#names.has(value);
  }

  /** The name of a value that is read. */
  of(value: Value): string {
    const resolved = resolve(value);
    const known = this.#names.get(resolved);
    if (known !== undefined) return known;
    if (resolved.source.kind !== "constant") {
      throw new Error(`Internal: a ${formatType(resolved.type)} is read before it is made`);
    }
    const name = this.constant(resolved.source.tensor);
    this.#names.set(resolved, name);
    return name;
  }

  /** The name of the output of a node. */
  output(value: Value, node: Node): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const prefix = node.path === "" ? "" : `${node.path}/`;
    const name = this.free(`${prefix}${node.op.type}`);
    this.#names.set(value, name);
    return name;
  }

  /** The name of a tensor fixed in the model. */
  constant(value: Tensor): string {
    const bytes = bytesOf(value);
    const key = bytes.length > SHARED_CONSTANT_BYTES
      ? undefined
      : `${formatType(value)}:${ONE_BYTE.decode(bytes)}`;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.free("constant");
    if (key !== undefined) this.#constants.set(key, name);
    this.initializers.push(encodeTensor(name, value));
    return name;
  }

  /** A name that no value has yet. */
  free(stem: string): string {
    for (;;) {
      const name = `${stem}_${this.#count++}`;
      if (!this.#reserved.has(name)) return name;
    }
  }
}

function encodeNode(node: Node, names: Names): NodeProto {
  const types = Object.fromEntries(
    Object.entries(node.inputs).map(([name, value]) => [name, value!.type]),
  ) as Record<string, TensorType>;
  const form = node.op.onnx?.(node.attributes, types) ?? {};
  checkNode(node, form);
  const given = Object.keys(node.inputs);
  // Inputs that ONNX knows by position: those not given leave an empty name, none at the end.
  const positions = node.op.inputs.length > 0 ? node.op.inputs : given;
  const inputs = positions.map((name) => {
    const value = node.inputs[name];
    return value === undefined ? "" : names.of(value);
  });
  for (const value of form.constants ?? []) {
    inputs.push(value === undefined ? "" : names.constant(value));
  }
  while (inputs.at(-1) === "") inputs.pop();
  const outputs = Object.values(node.outputs).map((value) => names.output(value, node));
  return create(NodeProtoSchema, {
    name: outputs[0]!,
    opType: node.op.type,
    domain: node.op.domain,
    input: inputs,
    output: outputs,
    attribute: Object.entries(form.attributes ?? {}).map(([name, value]) =>
      encodeAttribute(name, value)
    ),
  });
}

/** Name and type of what nodes make, without the model's outputs, which say theirs anyway. */
function encodeMadeTypes(
  nodes: readonly Node[],
  names: Names,
  outputs: ModelDescription["outputs"],
): ValueInfoProto[] {
  return nodes.flatMap((node) =>
    Object.values(node.outputs).flatMap((value) => {
      const name = names.output(value, node);
      return Object.hasOwn(outputs, name) ? [] : [encodeValueInfo(name, value.type)];
    })
  );
}

/** The inputs that a graph reads, those listed first. */
function collectInputs(nodes: readonly Node[], description: ModelDescription): Map<string, Value> {
  const inputs = new Map<string, Value>();
  const add = (value: Value): void => {
    if (value.source.kind !== "input") return;
    const { name } = value.source;
    const known = inputs.get(name);
    if (known !== undefined && known !== value) {
      throw new GenviewTypeError(
        `Cannot encode the graph: two inputs are named "${name}", ` +
          `${formatType(known.type)} and ${formatType(value.type)}`,
      );
    }
    inputs.set(name, value);
  };
  description.inputs?.forEach(add);
  for (const node of nodes) {
    for (const value of Object.values(node.inputs)) add(resolve(value!));
  }
  Object.values(description.outputs).forEach((value) => add(resolve(value)));
  return inputs;
}

/** An input's fixed value, and the conversion that makes it of the input's type if it is stored in another. */
interface Fixed {
  readonly tensor: TensorProto;
  readonly conversion?: NodeProto;
}

function encodeStored(name: string, given: Tensor | ExternalTensor): TensorProto {
  return "data" in given ? encodeTensor(name, given) : encodeExternalTensor(name, given);
}

function encodeInitializer(
  name: string,
  { type }: Value,
  given: Tensor | ExternalTensor,
  names: Names,
): Fixed {
  if (sameType(type, given)) return { tensor: encodeStored(name, given) };
  if (!isFloat(type.dtype) || !isFloat(given.dtype) || !sameShape(type.shape, given.shape)) {
    throw new GenviewTypeError(
      `Cannot encode the graph: input "${name}" is ${formatType(type)}, ` +
        `found an initializer ${formatType(given)}`,
    );
  }
  const stored = names.free(name);
  return {
    tensor: encodeStored(stored, given),
    conversion: create(NodeProtoSchema, {
      name: `${name}/Cast`,
      opType: "Cast",
      input: [stored],
      output: [name],
      attribute: [encodeAttribute("to", { dtype: type.dtype })],
    }),
  };
}

/**
 * Nodes by how many lead to them one after the other. Of what a node reads, ONNX Runtime computes first what was added to
 * the model last: so that is what takes long, and what is made of earlier values at once, such as a gate of a forward pass's
 * result, is computed when it is needed, and not kept from then on.
 */
function byDepth(nodes: readonly Node[]): Node[] {
  const depths = new Map<Node, number>();
  for (const node of nodes) {
    const before = readBy(node).map((value) => producer(resolve(value)));
    depths.set(node, 1 + Math.max(0, ...before.map((other) => other ? depths.get(other)! : 0)));
  }
  return nodes.toSorted((a, b) => depths.get(a)! - depths.get(b)!);
}

/**
 * Encodes the part of a graph that leads to some values as a model of the ONNX format.
 *
 * @throws {TypeError} if two inputs have the same name, an initializer does not suit its input, or a node has no kernel
 * in the provider that it was built for
 */
export function encodeModel(description: ModelDescription): Uint8Array<ArrayBuffer> {
  const outputs = Object.entries(description.outputs);
  const nodes = byDepth(nodesLeadingTo(outputs.map(([, value]) => value), true));
  const inputs = collectInputs(nodes, description);
  const names = new Names(new Set([...inputs.keys(), ...Object.keys(description.outputs)]));
  for (const [name, value] of inputs) names.set(value, name);

  // An output that is an input, a constant or another output under a second name needs a node of its own.
  const copies: [string, Value][] = [];
  for (const [name, value] of outputs) {
    if (inputs.has(name)) {
      throw new GenviewTypeError(`Cannot encode the graph: "${name}" names an input and an output`);
    }
    const resolved = resolve(value);
    if (resolved.source.kind !== "output" || names.has(resolved)) copies.push([name, value]);
    else names.set(resolved, name);
  }
  const encoded = nodes.map((node) => encodeNode(node, names));
  for (const [name, value] of copies) {
    checkCopy(value.dtype, nodes);
    encoded.push(
      create(NodeProtoSchema, {
        name,
        opType: "Identity",
        input: [names.of(value)],
        output: [name],
      }),
    );
  }

  const fixed = [...(description.initializers ?? [])].flatMap(([name, given]) => {
    const declared = inputs.get(name);
    return declared === undefined ? [] : [encodeInitializer(name, declared, given, names)];
  });
  const conversions = fixed.flatMap(({ conversion }) => conversion ?? []);
  const fed = [...inputs].filter(([name]) => !description.initializers?.has(name));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "genview",
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: "", version: ONNX_OPSET }),
      ...[MICROSOFT_DOMAIN, HOST_DOMAIN].filter((domain) =>
        encoded.some((node) => node.domain === domain)
      ).map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n })),
    ],
    metadataProps: Object.entries(description.metadata ?? {}).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value })
    ),
    graph: create(GraphProtoSchema, {
      name: "genview",
      node: [...conversions, ...encoded],
      initializer: [...fixed.map(({ tensor }) => tensor), ...names.initializers],
      input: fed.map(([name, value]) => encodeValueInfo(name, value.type)),
      output: outputs.map(([name, value]) => encodeValueInfo(name, value.type)),
      valueInfo: encodeMadeTypes(
        // What operators of the host make, ONNX Runtime cannot infer.
        description.typed ? nodes : nodes.filter(({ op }) => op.domain === HOST_DOMAIN),
        names,
        description.outputs,
      ),
    }),
  });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}
