/**
 * One training step on a device: two graphs, whose parameters, optimizer state and buffers never leave it.
 *
 * @module
 */
import { gradients } from "../engine/autodiff/gradients.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { filled, float32 } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { buildUpdate, type Optimizer, type UpdateGraph } from "../engine/optim/mod.ts";
import { type Binding, type Device, DeviceTensor, Session } from "../engine/ort/mod.ts";
import type { ParameterRule } from "../method/configuration.ts";
import { embeddingSpread } from "./embedding_spread.ts";
import { followedBy, type MethodGraph } from "./method_graph.ts";

/** How a step is computed. */
export interface TrainingStepOptions {
  readonly device: Device;
  /** Threads on the CPU; all cores when left out. */
  readonly threads?: number;
  readonly optimizer: Optimizer;
  readonly rules: readonly ParameterRule[];
  /** Largest norm of the whole gradient; any when left out. */
  readonly clipGradientNorm?: number;
  /** Path prefix of Chrome traces, for profiling. */
  readonly profile?: string;
}

/** What a step tells. */
export interface StepResult {
  readonly loss: number;
  readonly spread: number;
  readonly gradientNorm: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const GRADIENT = "gradient.";
const NEXT = "next.";
