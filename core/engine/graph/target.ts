/**
 * What is known, while a graph is being built, of the machine that will run it.
 *
 * @module
 */

/** What runs graphs: the CPU, NVIDIA's CUDA, or WebGPU, each by ONNX Runtime's execution provider of that name. */
export type Provider = "cpu" | "cuda" | "webgpu";

/** What a graph is built for: any device, unless more is known of the machine that will run it. */
export interface GraphTarget {
  /** What will run it; formulations that a provider lacks or computes wrongly are avoided. */
  readonly provider?: Provider;
  /**
   * What computes it in the end (default `provider`): tests compute on the CPU, with the roundings of float16, what is
   * written for CUDA.
   */
  readonly computedBy?: Provider;
  /**
   * Channels that ONNX Runtime's kernels on this CPU block together, from `probeChannelBlock`; 1 (default) for graphs
   * that run anywhere, on a GPU too.
   */
  readonly channelBlock?: number;
  /**
   * Whether weights are fixed in the model, and it runs on the CPU. ONNX Runtime then blocks the channels of all that is
   * written as a convolution, linear maps too, once and for good as it loads the model.
   */
  readonly fixedWeights?: boolean;
  /**
   * Whether the model is for other programs than this library: everything is written in operators of the ONNX standard,
   * each convolution as one.
   */
  readonly portable?: boolean;
  /**
   * Processes that run the graph together, each on a part of its own of the batch (default 1): its collective operators
   * are theirs.
   */
  readonly ranks?: number;
  /**
   * Whether each of several processes computes the same as the others from what is the same everywhere (default false): they
   * may share what there is to compute.
   */
  readonly replicated?: boolean;
  /** Names of formulations of operators, by task, by the key of the problem; what is left out follows a rule. */
  readonly choices?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const ANY_DEVICE: GraphTarget = {};

let current: GraphTarget = ANY_DEVICE;

/** What the graph that is being built is built for. */
export function currentTarget(): GraphTarget {
  return current;
}

/** Whether graphs are being built for the kernels of this CPU, rather than for any device. */
export function isForThisCpu(): boolean {
  return (current.channelBlock ?? 1) > 1;
}

/** How many processes run the graph that is being built, each on a part of its own of the batch. */
export function currentRanks(): number {
  return current.ranks ?? 1;
}

/**
 * Builds for a target. Every node keeps the target that it was built for, and its gradient is built for the same one.
 */
export function withTarget<T>(target: GraphTarget, build: () => T): T {
  const outer = current;
  current = target;
  try {
    return build();
  } finally {
    current = outer;
  }
}
