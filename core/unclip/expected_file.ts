/**
 * The networks of Stable unCLIP: which tensors their files must hold, by the configurations that lie beside them.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { Scope } from "../engine/nn/scope.ts";
import { checkPublishedConfiguration } from "../encoders/clip_file.ts";
import { expectedClipFile } from "../encoders/expected_clip_file.ts";
import { ConfigFile } from "../weights/config_file.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import type { ExpectedFile } from "../weights/verify_tensors.ts";
import { parseAutoencoder, parseTextEncoder, parseUnet } from "./network_config.ts";
import { decodingGraph, denoisingGraph, textGraph } from "./network_graphs.ts";
import {
  expectedTensors,
  STORED_DECODER,
  STORED_TEXT_ENCODER,
  STORED_UNET,
  type StoredNetwork,
} from "./network_weights.ts";

/** What a network is, and how its parameters are declared. */
interface Component {
  readonly network: StoredNetwork;
  readonly declare: (scope: Scope, config: ConfigFile) => void;
}

/** Height and width of the maps that graphs are built for: they say nothing of the parameters. */
const SIZE = [64, 64] as const;

const COMPONENTS: Readonly<Record<string, Component>> = {
  "unclip/unet": {
    network: STORED_UNET,
    declare(scope, file) {
      const config = parseUnet(file);
      denoisingGraph(scope, config, { batchSize: 1, size: SIZE, tokens: 1 }, false);
    },
  },
  "unclip/vae": {
    network: STORED_DECODER,
    declare: (scope, file) => decodingGraph(scope, parseAutoencoder(file), 1, SIZE),
  },
  "unclip/text_encoder": {
    network: STORED_TEXT_ENCODER,
    declare: (scope, file) => textGraph(scope, parseTextEncoder(file), 1),
  },
};

/** Statistics of the image embeddings. */
function normalizerFile(config: ConfigFile): ExpectedFile {
  const shape = [1, config.integer("embedding_dim")];
  return { tensors: new Map([["mean", { shape }], ["std", { shape }]]), belongs: () => true };
}

/**
 * What a file must hold for a network of Stable unCLIP; undefined if the name is not one of them.
 *
 * @param network `unclip/` and the component's folder, such as `unclip/unet`
 * @throws {Deno.errors.NotFound} if no `config.json` lies beside the file
 * @throws {TypeError} if the configuration asks for what is not supported
 */
export async function expectedUnclipFile(
  network: string,
  file: TensorFile,
): Promise<ExpectedFile | undefined> {
  const normalizer = network === "unclip/image_normalizer";
  if (!normalizer && !Object.hasOwn(COMPONENTS, network)) return undefined;
  const config = await ConfigFile.read(join(dirname(file.path), "config.json"));
  if (normalizer) return normalizerFile(config);
  const { network: stored, declare } = COMPONENTS[network]!;
  const scope = new Scope();
  declare(scope, config);
  const expected = expectedTensors(file, scope.declarations, stored);
  return {
    tensors: new Map([...expected.values()].map((tensor) => [tensor.name, tensor])),
    belongs: stored.belongs ?? (() => true),
  };
}

/**
 * What a file must hold for a network of the catalogue: of Stable unCLIP, or an image tower of CLIP.
 *
 * @param network `unclip/` and a component's folder, or `MODEL/WEIGHTS` as open_clip calls them
 * @throws {TypeError} if there is no such network, the file has no known publisher's names, or the publisher's
 * configuration beside it says that it is another's
 */
export async function expectedPublishedFile(
  network: string,
  file: TensorFile,
): Promise<ExpectedFile> {
  const unclip = await expectedUnclipFile(network, file);
  if (unclip !== undefined) return unclip;
  const expected = expectedClipFile(network, file);
  await checkPublishedConfiguration(network, file);
  return expected;
}
