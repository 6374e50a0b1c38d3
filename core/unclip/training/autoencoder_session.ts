/**
 * An autoencoder's networks as sessions that take images.
 *
 * @module
 */
import type { Shape } from "../../engine/graph/shape.ts";
import { withTarget } from "../../engine/graph/target.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Placement, Session } from "../../engine/ort/mod.ts";
import type { AutoencoderConfig } from "../networks/autoencoder.ts";
import { imagesOf } from "./autoencoder_loss.ts";
import type { OwnNetwork } from "./generator_networks.ts";

/**
 * Loads what is computed of images by an autoencoder: a session from `images` uint8 to what `build` gives, by name.
 *
 * @param shape of the images, `[N, H, W, 3]`
 * @param build computes from images in [-1, 1], float32 `[N, 3, H, W]`, by the parameters that it declares in the scope
 */
export async function openAutoencoder(
  { tensors }: OwnNetwork<AutoencoderConfig>,
  shape: Shape,
  build: (scope: Scope, images: Value) => Readonly<Record<string, Value>>,
  placement: Placement,
): Promise<Session> {
  const scope = new Scope();
  const images = input("images", "uint8", shape);
  const outputs = withTarget(
    { provider: placement.device.provider },
    () => build(scope, imagesOf(images)),
  );
  const initializers = new Map(
    [...scope.declarations.keys()].map((name) => [name, tensors.get(name)!]),
  );
  return await Session.create(encodeModel({ inputs: [images], outputs, initializers }), placement);
}
