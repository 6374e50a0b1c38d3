/**
 * An autoencoder's networks as sessions that take images.
 *
 * @module
 */
import type { Shape } from "../../engine/graph/shape.ts";
import { withTarget } from "../../engine/graph/target.ts";
import { input } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Placement, Session } from "../../engine/ort/mod.ts";
import { pixelsOf } from "../network_graphs.ts";
import type { NetworkGraph } from "../network_session.ts";
import { type AutoencoderConfig, decodeLatents, encodeImages } from "../networks/autoencoder.ts";
import { imagesOf } from "./autoencoder_loss.ts";
import type { OwnNetwork } from "./generator_networks.ts";

/** A graph from `images`, uint8 of a shape `[N, H, W, C]`, by the parameters that it declares in a scope. */
export type AutoencoderGraph = (
  scope: Scope,
  config: AutoencoderConfig,
  shape: Shape,
) => NetworkGraph;

/** The distribution of the latents of images: `mean` and `logVariance`. */
export function latentGraph(scope: Scope, config: AutoencoderConfig, shape: Shape): NetworkGraph {
  const images = input("images", "uint8", shape);
  const { mean, logVariance } = encodeImages(scope, imagesOf(images), config);
  return { inputs: [images], outputs: { mean, logVariance } };
}

/** Images there and back, by the means of their latents: `reconstructed` like the images. */
export function reconstructionGraph(
  scope: Scope,
  config: AutoencoderConfig,
  shape: Shape,
): NetworkGraph {
  const images = input("images", "uint8", shape);
  const { mean } = encodeImages(scope, imagesOf(images), config);
  const reconstructed = pixelsOf(decodeLatents(scope, mean, config));
  return { inputs: [images], outputs: { reconstructed } };
}

/**
 * Loads a graph of an autoencoder as a session.
 *
 * @param shape of the images, `[N, H, W, C]`
 */
export async function openAutoencoder(
  { config, tensors }: OwnNetwork<AutoencoderConfig>,
  build: AutoencoderGraph,
  shape: Shape,
  placement: Placement,
): Promise<Session> {
  const scope = new Scope();
  const graph = withTarget(
    { provider: placement.device.provider },
    () => build(scope, config, shape),
  );
  const initializers = new Map(
    [...scope.declarations.keys()].map((name) => [name, tensors.get(name)!]),
  );
  return await Session.create(encodeModel({ ...graph, initializers }), placement);
}
