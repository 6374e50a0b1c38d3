import { providerOption, type ProviderOptionSchema } from "../../schema/provider_option.ts";

/** Options of the run itself: seed, evaluations, checkpoints, devices, in JSON Schema. */
export const runOptions = {
  seed: {
    type: "integer",
    minimum: 0,
    maximum: 9007199254740991,
    default: 0,
    group: "Run",
    affects: "result",
    description: "seed of all randomness",
  },
  evaluateEvery: {
    type: "integer",
    minimum: 0,
    default: 1,
    group: "Run",
    affects: "nothing",
    description: "epochs between evaluations by nearest neighbours (0: never)",
  },
  checkpointEvery: {
    type: "integer",
    minimum: 1,
    default: 1,
    group: "Run",
    affects: "nothing",
    description: "epochs between checkpoints",
  },
  checkpointMinutes: {
    type: "number",
    minimum: 0,
    default: 30,
    group: "Run",
    affects: "nothing",
    description: "minutes between checkpoints within an epoch (0: only after epochs)",
  },
  keepCheckpoints: {
    type: "integer",
    minimum: 1,
    default: 2,
    group: "Run",
    affects: "nothing",
    description: "checkpoints to keep",
  },
  device: {
    type: "string",
    default: "auto",
    group: "Run",
    affects: "nothing",
    description: "where to compute: auto, cpu, cuda, cuda:N or webgpu",
  },
  providerOption: { ...providerOption, group: "Run", affects: "remedy" } as ProviderOptionSchema & {
    readonly group: "Run";
    readonly affects: "remedy";
  },
  precision: {
    enum: ["auto", "float32", "float16", "bfloat16"],
    default: "float32",
    group: "Run",
    affects: "remedy",
    description:
      "what networks compute in, weights and sums in float32: auto is float16 on CUDA and float32 elsewhere",
  },
  lossScale: {
    type: "number",
    exclusiveMinimum: 0,
    default: 65536,
    group: "Run",
    affects: "nothing",
    description: "factor on the loss at the start, with --precision float16; it follows overflows",
  },
  cudaGraphs: {
    type: "boolean",
    default: false,
    group: "Run",
    affects: "nothing",
    description:
      "on CUDA: launch the gradients' kernels as one CUDA graph; it has not been run on a GPU, so compare the loss with a run without it",
  },
  threads: {
    type: "integer",
    minimum: 0,
    maximum: 1024,
    default: 0,
    group: "Run",
    affects: "nothing",
    description: "threads of ONNX Runtime on the CPU (0: one for each core)",
  },
  loaders: {
    type: "integer",
    minimum: 1,
    maximum: 256,
    default: 2,
    group: "Run",
    affects: "nothing",
    description: "images decoded in parallel",
  },
  autotune: {
    type: "boolean",
    default: false,
    group: "Run",
    affects: "nothing",
    description:
      "time the formulations of each convolution first, and use the fastest; a resumed run keeps its own",
  },
} as const;
