/**
 * What small checkpoints are written from.
 *
 * @module
 */
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import type { CheckpointSources } from "../../../../core/weights/checkpoint/checkpoint.ts";

/** A checkpoint of one parameter after a step. */
export function checkpointSources(step: number, weight: Tensor): CheckpointSources {
  return {
    state: {
      version: 1,
      method: "test",
      step,
      epoch: Math.floor(step / 10),
      samples: 80,
      configuration: {},
    },
    model: [["weight", weight]],
    optimizer: [["momentum.weight", weight]],
  };
}
