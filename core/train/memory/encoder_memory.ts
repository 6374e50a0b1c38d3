/**
 * The memory of the network that weights pairs of views.
 *
 * @module
 */
import { clipModel, clipModelNames } from "../../backbones/mod.ts";
import { openTokenNetwork } from "../../encoders/open_token_network.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { encodeModel, traceModel } from "../../engine/onnx/mod.ts";
import { arenaBytes } from "../../engine/ort/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import { LARGEST_RUN } from "../step/pair_weighting.ts";

/** The memory of a frozen network, in bytes. */
export interface EncoderMemory {
  /** Number of its nodes. */
  readonly nodes: number;
  /** Its weights. */
  readonly weights: number;
  /** Intermediate values of a run on the views that it takes at once. */
  readonly activations: number;
}

/** Whether capitals and hyphens apart it is the name of a CLIP model. */
function isClipName(name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll("-", "_");
  return clipModelNames.some((known) => plain(known) === plain(name));
}

function memoryOf(tokens: Value): EncoderMemory {
  const trace = traceModel(encodeModel({ outputs: { tokens }, typed: true }));
  const inputs = [...trace.inputs].filter((name) => name !== IMAGES);
  return {
    nodes: trace.nodes.length,
    weights: inputs.reduce((sum, name) => sum + trace.tensors.get(name)!.bytes, 0),
    activations: arenaBytes([trace]),
  };
}

const IMAGES = "images";

/**
 * The memory of the network by which a configuration weights pairs; undefined if it names none. The weights of a CLIP
 * model that is named need not be there; a file or run must.
 *
 * @throws {TypeError} if it names nothing that is known
 */
export async function encoderMemory(
  { qualityEncoder, qualityImageSize, batchSize, deviceBatchSize }: Pick<
    Configuration,
    "qualityEncoder" | "qualityImageSize" | "batchSize" | "deviceBatchSize"
  >,
): Promise<EncoderMemory | undefined> {
  if (qualityEncoder === "") return undefined;
  const count = Math.min(LARGEST_RUN, 2 * (deviceBatchSize || batchSize));
  const images = (size: number) => input(IMAGES, "float32", [count, 3, size, size]);
  if (isClipName(qualityEncoder)) {
    const tower = clipModel(qualityEncoder);
    return memoryOf(tower.apply(new Scope(), images(tower.inputSize)).tokens);
  }
  const network = await openTokenNetwork({ model: qualityEncoder, imageSize: qualityImageSize });
  let found: EncoderMemory | undefined;
  using _session = await network.createSession(images(network.view.size), (tokens) => {
    found = memoryOf(tokens);
    return { tokens };
  });
  return found;
}
