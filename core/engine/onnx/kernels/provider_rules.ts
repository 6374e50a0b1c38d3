/**
 * What providers refuse though they have a kernel for it, and what they run without one: all that the tables of kernels
 * do not say. Each rule was seen on the provider itself; `support/cuda_stand_in/` shows CUDA's.
 *
 * @module
 */
import type { DType } from "../../graph/dtype.ts";
import type { OnnxAttribute } from "../../graph/op.ts";
import type { Provider } from "../../graph/target.ts";

/** A node as providers look at it. */
export interface PlacedNode {
  /** Operator as in the tables, `Conv` or `com.microsoft::FusedMatMul`. */
  readonly name: string;
  /** Element types of its inputs, in ONNX's order; undefined for one that is not given. */
  readonly inputs: readonly (DType | undefined)[];
  /** Element types of its outputs. */
  readonly outputs: readonly DType[];
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** Says why a provider refuses a node, or nothing. */
type Rule = (node: PlacedNode) => string | undefined;

/** Whether the paddings in front and behind differ: cuDNN's transposed convolution has one for both. */
function hasUnevenPads({ attributes }: PlacedNode): string | undefined {
  const pads = attributes.pads;
  if (pads === undefined || !("ints" in pads)) return undefined;
  const rank = pads.ints.length / 2;
  const uneven = pads.ints.slice(0, rank).some((length, axis) => length !== pads.ints[axis + rank]);
  return uneven ? `the same pads at both ends, found ${pads.ints.join(",")}` : undefined;
}

/** Whether the places of the greatest elements are asked for: the kernel has one output. */
function wantsIndices({ outputs }: PlacedNode): string | undefined {
  return outputs.length > 1 ? "no output for indices" : undefined;
}

/** Rules by provider and operator. */
const REFUSED: Readonly<Partial<Record<Provider, Readonly<Record<string, Rule>>>>> = {
  cuda: { ConvTranspose: hasUnevenPads },
  webgpu: { MaxPool: wantsIndices },
};

/** Why a provider refuses a node that it has a kernel for, as the rule that it breaks; undefined if it does not. */
export function refusal(provider: Provider, node: PlacedNode): string | undefined {
  return REFUSED[provider]?.[node.name]?.(node);
}

/**
 * The element type in which a provider computes what it has no kernel for: around such nodes the CPU converts short
 * floats to float32.
 */
export function computedAs(provider: Provider, dtype: DType): DType {
  const isShort = dtype === "float16" || dtype === "bfloat16";
  return provider === "cpu" && isShort ? "float32" : dtype;
}
