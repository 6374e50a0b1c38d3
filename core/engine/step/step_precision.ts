/**
 * What a step in mixed precision has beside one in float32: a graph of two types, and a factor on the loss.
 *
 * @module
 */
import { producer } from "../graph/node.ts";
import { filled } from "../graph/tensor.ts";
import { constant, input, type Value } from "../graph/value.ts";
import { keepBlocked } from "../layout/keep_blocked.ts";
import { encodeModel } from "../onnx/encode_model.ts";
import { mul } from "../ops/mul.ts";
import { LOSS_SCALE } from "../optim/step_names.ts";
import { mixPrecision } from "../precision/mix_precision.ts";
import type { Precision } from "../precision/precision.ts";
import { roundWithoutKernels } from "./round_without_kernels.ts";

/** Whether the loss is scaled: gradients of float16 lose what is small; those of bfloat16 have float32's range. */
export function scalesLoss(precision: Precision = "float32"): boolean {
  return precision === "float16";
}

/** The model of a graph that is in a precision (default `float32`). */
export function encodeStep(
  outputs: Readonly<Record<string, Value>>,
  { precision = "float32", typed }: {
    readonly precision?: Precision | undefined;
    readonly typed?: boolean | undefined;
  },
): Uint8Array<ArrayBuffer> {
  const formed = precision === "float32" ? keepBlocked(outputs) : roundWithoutKernels(outputs);
  return encodeModel({ outputs: formed, typed });
}

/** How many processes compute a loss together. */
export function ranksOf(loss: Value): number {
  return producer(loss)?.target.ranks ?? 1;
}

/**
 * What gradients start from: the factor on the loss, where it is scaled. What is minimised is the mean of all processes'
 * losses, and its gradient the sum of what each of them computes.
 */
export function gradientSeed(loss: Value, precision?: Precision): { readonly seed?: Value } {
  const ranks = ranksOf(loss);
  const scale = scalesLoss(precision) ? input(LOSS_SCALE, loss.dtype, []) : undefined;
  if (ranks === 1) return scale === undefined ? {} : { seed: scale };
  const share = 1 / ranks;
  return {
    seed: scale === undefined ? constant(filled(loss.dtype, [], share)) : mul(scale, share),
  };
}

/**
 * What a graph gives, in mixed precision where that is asked for.
 *
 * @param precision what it computes in (default `float32`)
 */
export function inPrecision<T extends Readonly<Record<string, Readonly<Record<string, Value>>>>>(
  kinds: T,
  precision: Precision = "float32",
): T {
  if (precision === "float32") return kinds;
  const key = (kind: string, name: string) => `${kind} ${name}`;
  const mixed = mixPrecision(
    Object.fromEntries(
      Object.entries(kinds).flatMap(([kind, values]) =>
        Object.entries(values).map(([name, value]) => [key(kind, name), value])
      ),
    ),
    precision,
  );
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, values]) => [
      kind,
      Object.fromEntries(Object.keys(values).map((name) => [name, mixed[key(kind, name)]!])),
    ]),
  ) as T;
}
