/**
 * The encoder of a run that is evaluated: the one that is trained, or its moving average.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import type { EncoderName } from "../../evaluate/results.ts";
import { MOMENTUM_ENCODER } from "../step/momentum_encoder.ts";
import type { OpenedRun } from "./open_run.ts";

const BACKBONE = "backbone.";

/**
 * Parameters and buffers of a run's backbone, under the names of the online encoder's. Those of the momentum encoder are
 * its own, the running statistics of its batch norms too.
 *
 * @throws {TypeError} if the run has no momentum encoder
 */
export function encoderTensors(
  { checkpoint: { model }, method, path }: Pick<OpenedRun, "checkpoint" | "method" | "path">,
  encoder: EncoderName,
): Map<string, Tensor> {
  const prefix = encoder === "online" ? "" : `${MOMENTUM_ENCODER}.`;
  const tensors = new Map(
    [...model].flatMap(([name, value]) =>
      name.startsWith(prefix + BACKBONE) ? [[name.slice(prefix.length), value] as const] : []
    ),
  );
  if (tensors.size > 0) return tensors;
  throw new GenviewTypeError(
    encoder === "online"
      ? `Cannot evaluate ${path}: it must hold a backbone, found no tensor of a name like "${BACKBONE}…"`
      : `Cannot evaluate the momentum encoder of ${path}: its method must keep one, found none for "${method}"; ` +
        "leave --encoder out",
  );
}
