/**
 * MoCo v3 as programs of PyTorch trained it, in float32 and in mixed precision.
 *
 * @module
 */
import { checkMethod } from "../../core/method/load.ts";
import mocoV3 from "../../plugins/moco-v3/mod.ts";
import type { Trial } from "./fidelity.ts";

/** What a program ran with, whatever the network. */
export interface MoCoV3Settings {
  /** Width of the hidden layers. */
  readonly hiddenWidth: number;
  /** Width of the embeddings. */
  readonly width: number;
  /** Layers of the projector. */
  readonly projectorLayers: number;
  /** Layers of the predictor. */
  readonly predictorLayers: number;
  /** Whether batch norm ends the predictor. */
  readonly predictorNorm: boolean;
  /** Temperature of the softmax. */
  readonly temperature: number;
  /** First momentum of the momentum encoder. */
  readonly encoderMomentum: number;
  /** Learning rate. */
  readonly learningRate: number;
  /** Weight decay. */
  readonly weightDecay: number;
}

/** The same method here, without its optimizer. */
export function mocoV3Trial(settings: MoCoV3Settings): Trial {
  const { hiddenWidth, width, projectorLayers, predictorLayers, predictorNorm } = settings;
  const { temperature, encoderMomentum, learningRate, weightDecay } = settings;
  return {
    method: checkMethod(mocoV3, "moco-v3"),
    options: { hiddenWidth, width, projectorLayers, predictorLayers, predictorNorm, temperature },
    configuration: {
      learningRate,
      weightDecay,
      scheduled: { encoderMomentum: { from: encoderMomentum, to: 1 } },
    },
  };
}
