/**
 * What a training step would cost by PyTorch's operators: those of its eager mode with cuDNN, fused optimizers and, where
 * asked for, automatic mixed precision.
 *
 * Each operator of our graph, before it is opened into primitives, is one of PyTorch's, whose kernels read and write what
 * the table below says. Where PyTorch has several ways, it is given the best: batch norm in one kernel, flash attention,
 * fused optimizers and averages over lists of tensors, biases in the epilogue of products.
 *
 * @module
 */
import { byteSize, isFloat } from "../../core/engine/graph/dtype.ts";
import { type Node, nodesLeadingTo, producer, readBy } from "../../core/engine/graph/node.ts";
import { elementCount } from "../../core/engine/graph/shape.ts";
import type { Value } from "../../core/engine/graph/value.ts";
import { mixPrecision } from "../../core/engine/precision/mod.ts";
import type { NamedCost } from "../../core/engine/ort/mod.ts";
import type { MethodGraph } from "../../core/train/step/method_graph.ts";
import { movingAverages } from "../../core/train/step/momentum_encoder.ts";

/** How PyTorch would train. */
export interface PeerSettings {
  /** Whether under `torch.autocast` in float16, with a scaled loss. */
  readonly mixedPrecision: boolean;
  /** The optimizer. */
  readonly optimizer: "sgd" | "lars" | "adamw";
}

/** A kernel, or several launches of one. */
interface Kernel {
  readonly what: string;
  /** Bytes that it reads and writes. */
  readonly moved: number;
  readonly multiplyAdds?: number;
  readonly launches?: number;
}

/** Views of tensors, and what no kernel is launched for. */
const FREE = new Set(["Reshape", "Transpose", "Squeeze", "Unsqueeze", "Expand", "Identity"]);

const sizeOf = (value: Value | undefined) => value === undefined ? 0 : elementCount(value.shape);

/** Bytes of a value, in the type that it has under autocast. */
const bytesOf = (value: Value | undefined) =>
  value === undefined ? 0 : byteSize(value.dtype) * sizeOf(value);

/** Kernels that widen what they read element by element, where the other operand is wider. */
const WIDENING = new Set(["Add", "Sub", "Mul", "Div"]);

/** Whether a value is a wider one of what it was cast from. */
function isWidened(value: Value): boolean {
  const node = producer(value);
  return node?.op.type === "Cast" && byteSize(node.inputs.x!.dtype) < byteSize(value.dtype);
}

/** What a kernel reads for an input of its operator. */
function asRead(type: string, value: Value | undefined): Value | undefined {
  return value && WIDENING.has(type) && isWidened(value) ? producer(value)!.inputs.x : value;
}

/** Whether a value is one of some, or a part of one. */
function isPartOf(values: ReadonlySet<Value>, value: Value): boolean {
  const node = producer(value);
  return values.has(value) || node !== undefined &&
      ["Split", "Slice"].includes(node.op.type) && isPartOf(values, node.inputs.x!);
}

const CONVOLUTIONS = new Set(["Conv"]);
const PRODUCTS = new Set(["Gemm", "MatMul", "FusedMatMul"]);

function productMacs({ op, inputs, outputs }: Node): number {
  const [x, w] = Object.values(inputs) as [Value, Value];
  const [y] = Object.values(outputs) as [Value];
  if (CONVOLUTIONS.has(op.type)) return sizeOf(y) * sizeOf(w) / w.shape[0]!;
  // sqrt(MK KN / MN) is the length K that is summed over; leading axes of both operands are in all three.
  const rows = x.shape.slice(0, -2).reduce((product, length) => product * length, 1);
  const shared = w.rank > 2 ? rows : 1;
  return sizeOf(y) * Math.sqrt(sizeOf(x) * sizeOf(w) / (sizeOf(y) * shared));
}

/** Kernels of a node forward, and backward with the inputs that have gradients. */
function kernelsOf(
  node: Node,
  readers: readonly Node[],
  trained: ReadonlySet<Value>,
  differentiated: readonly Value[],
  isTrained: boolean,
): Kernel[] {
  const { op: { type }, inputs, outputs } = node;
  const values = Object.values(inputs).map((value) => asRead(type, value)) as Value[];
  const [x, w, bias] = values;
  const [y] = Object.values(outputs) as [Value];
  const [nx, nw, ny] = [bytesOf(x), bytesOf(w), bytesOf(y)];
  const backward = (...kernels: Kernel[]) => isTrained ? kernels : [];
  if (FREE.has(type) || type === "StopGradient") return [];
  if (CONVOLUTIONS.has(type) || PRODUCTS.has(type)) {
    const multiplyAdds = productMacs(node);
    const moved = nx + nw + ny;
    const both = [x, w].filter((value) => differentiated.includes(value!));
    return [
      { what: "forward", moved, multiplyAdds },
      ...backward(
        ...both.map(() => ({ what: "backward", moved, multiplyAdds })),
        ...(bias && differentiated.includes(bias) ? [{ what: "bias", moved: ny }] : []),
      ),
    ];
  }
  switch (type) {
    case "BatchNormalization":
      // The statistics and the result read x; num_batches_tracked is counted by a kernel of its own.
      return [
        { what: "forward", moved: 3 * nx },
        { what: "counter", moved: 16 },
        ...backward({ what: "backward", moved: 5 * nx }),
      ];
    case "LayerNormalization":
      return [
        { what: "forward", moved: 2 * nx },
        ...backward(
          { what: "backward", moved: 3 * nx },
          { what: "scale and bias", moved: 2 * nx },
        ),
      ];
    case "ScaledDotProductAttention": {
      const [batch, heads, length, width] = x!.shape as [number, number, number, number];
      const product = batch * heads * length * w!.shape[2]! * width;
      return [
        { what: "forward", moved: 4 * nx, multiplyAdds: 2 * product },
        ...backward({ what: "backward", moved: 8 * nx, multiplyAdds: 5 * product, launches: 3 }),
      ];
    }
    case "MultiHeadAttention": {
      const [batch, length, width] = x!.shape as [number, number, number];
      const multiplyAdds = 2 * batch * length * w!.shape[1]! * width;
      return [{ what: "forward", moved: 4 * nx, multiplyAdds }];
    }
    case "Cast": {
      // Of a trained weight, which is cast once, it is counted with the update.
      if (isPartOf(trained, x!)) return [];
      const isRead = isWidened(y) && readers.every((reader) => WIDENING.has(reader.op.type));
      const kernel = { moved: nx + ny };
      return [
        ...(isRead ? [] : [{ what: "forward", ...kernel }]),
        ...backward({ what: "backward", ...kernel }),
      ];
    }
    case "Add":
    case "Sub":
      // The gradients are the result's own.
      return [{ what: "forward", moved: nx + nw + ny }];
    case "Slice":
      return backward({ what: "backward", moved: nx + ny });
    default: {
      const read = values.reduce((sum, value) => sum + bytesOf(value), 0);
      return [
        { what: "forward", moved: read + ny },
        ...backward(
          ...differentiated.map((value) => ({
            what: "backward",
            // What is not elementwise or looks at its input again reads it beside the gradient.
            moved: ny + read + bytesOf(value) - (type === "GlobalAveragePool" ? nx : 0),
          })),
        ),
      ];
    }
  }
}

/** Values through which gradients flow, and the nodes that they flow through. */
function differentiatedValues(
  loss: Value,
  nodes: readonly Node[],
  parameters: ReadonlySet<Value>,
) {
  const needed = new Set<Value>(parameters);
  for (const node of nodes) {
    if (typeof node.op.gradient === "string") continue;
    const reads = readBy(node).filter((value) => needed.has(value) && isFloat(value.dtype));
    if (reads.length > 0) needed.add(Object.values(node.outputs)[0]!);
  }
  // Of these, what the loss depends on in a differentiable way.
  const reached = new Set<Node>();
  const wanted = new Set<Value>([loss]);
  for (const node of nodes.toReversed()) {
    const [y] = Object.values(node.outputs);
    if (!wanted.has(y!) || !needed.has(y!) || typeof node.op.gradient === "string") continue;
    reached.add(node);
    for (const value of readBy(node)) wanted.add(value);
  }
  return { needed, reached };
}

/** Most tensors that one kernel of `multi_tensor_apply` takes, by the lists that it reads, and most elements. */
const TENSORS_OF_LISTS: Readonly<Record<number, number>> = { 1: 110, 2: 64, 3: 48, 4: 36, 5: 30 };
const ELEMENTS_OF_LAUNCH = 320 * 65536;

function listLaunches(tensors: number, elements: number, lists: number): number {
  return Math.ceil(Math.max(tensors / TENSORS_OF_LISTS[lists]!, elements / ELEMENTS_OF_LAUNCH));
}

/** The optimizer and what surrounds it. */
function updateKernels(
  { scope }: MethodGraph,
  { optimizer, mixedPrecision }: PeerSettings,
): [operator: string, Kernel][] {
  const trained = [...scope.declarations.values()].filter(({ kind }) => kind === "trainable");
  const elements = trained.reduce((sum, { value }) => sum + sizeOf(value), 0);
  const averaged = movingAverages(scope);
  const of = (lists: number, passes: number, count = trained.length): Kernel => ({
    what: "update",
    moved: 4 * passes * elements,
    launches: listLaunches(count, elements, lists),
  });
  const casts = trained.filter(({ value }) => value.rank > 1);
  return [
    optimizer === "adamw" ? ["optimizer", of(4, 7)] : ["optimizer", of(3, 5)],
    // Two norms of each tensor, and the rates from them.
    ...(optimizer === "lars" ? [["optimizer", of(2, 2)] as [string, Kernel]] : []),
    ...(averaged.length > 0 ? [["average", of(2, 3, averaged.length)] as [string, Kernel]] : []),
    ...(mixedPrecision
      ? [
        ["unscale", of(1, 2)] as [string, Kernel],
        // Weights to float16, their gradients to float32: a kernel for each.
        ["cast", { ...of(1, 3), launches: 2 * casts.length }] as [string, Kernel],
      ]
      : []),
  ];
}

/**
 * What PyTorch's kernels cost for a step of a method.
 *
 * @param graph the method's graph, before it is differentiated
 */
export function pytorchCosts(graph: MethodGraph, settings: PeerSettings): NamedCost[] {
  const { loss } = settings.mixedPrecision
    ? mixPrecision({ loss: graph.loss }, "float16") as { readonly loss: Value }
    : graph;
  const nodes = nodesLeadingTo([loss], false);
  const trained = new Set(
    [...graph.scope.declarations.values()]
      .filter(({ kind }) => kind === "trainable").map(({ value }) => value),
  );
  const { needed, reached } = differentiatedValues(loss, nodes, trained);
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const value of readBy(node)) readers.set(value, [...readers.get(value) ?? [], node]);
  }
  const costOf = (operator: string, layer: string, kernel: Kernel): NamedCost => ({
    operator,
    layer,
    multiplyAdds: kernel.multiplyAdds ?? 0,
    bytes: kernel.moved,
    launches: kernel.launches ?? 1,
  });
  return [
    ...nodes.flatMap((node) => {
      const differentiated = readBy(node).filter((value) => needed.has(value));
      const [y] = Object.values(node.outputs);
      const kernels = kernelsOf(
        node,
        readers.get(y!) ?? [],
        trained,
        differentiated,
        reached.has(node),
      );
      return kernels.map((kernel) => costOf(node.op.type, node.path, kernel));
    }),
    // A value that several read gets the sum of their gradients.
    ...[...readers].flatMap(([value, found]) =>
      needed.has(value)
        ? found.filter((node) => reached.has(node)).slice(1).map(() =>
          costOf("gradient sum", "", { what: "backward", moved: 3 * bytesOf(value) })
        )
        : []
    ),
    ...updateKernels(graph, settings).map(([operator, kernel]) => costOf(operator, "", kernel)),
  ];
}
