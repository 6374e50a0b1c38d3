/**
 * Whether the provider that a node was built for runs it.
 *
 * @module
 */
import { GenviewTypeError } from "../../../errors/mod.ts";
import type { DType } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import type { OnnxForm } from "../../graph/op.ts";
import type { Provider } from "../../graph/target.ts";
import { HOST_DOMAIN } from "../../ops/_collective.ts";
import { ONNX_OPSET } from "../opset.ts";
import {
  type Kernel,
  KERNELS,
  kernelsFor,
  operatorName,
  type OperatorSchema,
  schemaOf,
} from "./kernel_table.ts";
import { computedAs, type PlacedNode, refusal } from "./provider_rules.ts";

/** The variables of a schema as a node binds them; words that are element types themselves bind nothing. */
function boundTypes(
  { inputs, outputs }: OperatorSchema,
  node: PlacedNode,
): [variable: string, dtype: DType][] {
  const bind = (words: readonly string[], types: readonly (DType | undefined)[]) =>
    types.flatMap((dtype, i): [string, DType][] => {
      const word = words[Math.min(i, words.length - 1)];
      return dtype === undefined || word === undefined ? [] : [[word, dtype]];
    });
  return [...bind(inputs, node.inputs), ...bind(outputs, node.outputs)];
}

function takes({ types }: Kernel, bound: readonly (readonly [string, DType])[]): boolean {
  return bound.every(([variable, dtype]) => types[variable]?.includes(dtype) ?? true);
}

/**
 * Why a provider does not run a node, in words that follow "must have"; undefined if it runs it.
 *
 * @param opset of ONNX's own operators
 */
export function missingKernel(
  provider: Provider,
  node: PlacedNode,
  opset: number,
): string | undefined {
  const version = node.name.includes("::") ? 1 : opset;
  const schema = schemaOf(node.name, version);
  if (schema === undefined || KERNELS[provider].operators[node.name] === undefined) {
    return "a kernel there, found none";
  }
  const kernels = kernelsFor(provider, node.name, schema.since);
  if (kernels.length === 0) return `a kernel there for opset ${opset}, found other versions`;
  const bound = boundTypes(schema, node);
  const converted = bound.map(([variable, dtype]) =>
    [variable, computedAs(provider, dtype)] as const
  );
  if (!kernels.some((kernel) => takes(kernel, bound) || takes(kernel, converted))) {
    const found = [...new Set(bound.map(([, dtype]) => dtype))];
    return `a kernel there for ${found.join(", ")}, found other types`;
  }
  return refusal(provider, node);
}

function check(provider: Provider, node: PlacedNode, where: string): void {
  const rule = missingKernel(provider, node, Number(ONNX_OPSET));
  if (rule === undefined) return;
  throw new GenviewTypeError(
    `Cannot build the graph for ${provider}: ${node.name}${where} must have ${rule}; another device may run it`,
  );
}

/** A node as providers see it; `form` is how it is written. */
function placedNode(node: Node, form: OnnxForm): PlacedNode {
  const positions = node.op.inputs.length > 0 ? node.op.inputs : Object.keys(node.inputs);
  const given = positions.map((name) => node.inputs[name]?.dtype);
  return {
    name: operatorName(node.op.type, node.op.domain),
    inputs: [...given, ...(form.constants ?? []).map((constant) => constant?.dtype)],
    outputs: Object.values(node.outputs).map(({ dtype }) => dtype),
    attributes: form.attributes ?? {},
  };
}

/** Whether the provider that a node was built for has a kernel for it; true of a node that was built for any. */
export function hasKernel(node: Node): boolean {
  const { op, attributes, inputs, target: { provider } } = node;
  if (provider === undefined || op.domain === HOST_DOMAIN) return true;
  const types = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, value!.type]),
  );
  const placed = placedNode(node, op.onnx?.(attributes, types) ?? {});
  return missingKernel(provider, placed, Number(ONNX_OPSET)) === undefined;
}

/**
 * Refuses a node that has no kernel in the provider that it was built for, which would leave it to the CPU.
 *
 * @param form the node as it is written
 * @throws {TypeError} if it has none; the message names the layer
 */
export function checkNode(node: Node, form: OnnxForm): void {
  const { provider } = node.target;
  // The library's own operators run on the host wherever the others do.
  if (provider === undefined || node.op.domain === HOST_DOMAIN) return;
  check(provider, placedNode(node, form), node.path === "" ? "" : ` in layer "${node.path}"`);
}

/**
 * Refuses an output that stands for an input or another output, and so is a copy, where the graph's provider copies no
 * such type.
 *
 * @param nodes the graph's
 * @throws {TypeError} if it does not
 */
export function checkCopy(dtype: DType, nodes: readonly Node[]): void {
  for (const provider of new Set(nodes.map(({ target }) => target.provider))) {
    if (provider === undefined) continue;
    check(provider, { name: "Identity", inputs: [dtype], outputs: [dtype], attributes: {} }, "");
  }
}
