/**
 * The networks of Stable unCLIP: which tensors their files must hold, by the configurations that lie beside them.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Shape } from "../core/engine/graph/shape.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { decodingGraph, denoisingGraph, textGraph } from "../core/unclip/network_graphs.ts";
import {
  ConfigFile,
  parseAutoencoder,
  parseTextEncoder,
  parseUnet,
  STORED_DECODER,
  STORED_TEXT_ENCODER,
  STORED_UNET,
  type StoredNetwork,
} from "../core/unclip/mod.ts";
import type { TensorFile } from "../core/weights/tensor_file.ts";
import type { ExpectedTensor } from "../core/weights/verify_tensors.ts";
import type { ExpectedFile } from "./weights_networks.ts";

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

/** The shape as a file may have it: linear maps are stored as convolutions by single pixels, too. */
function shapeIn(file: TensorFile, name: string, shape: Shape): Shape {
  if (!file.has(name)) return shape;
  const found = file.type(name).shape;
  const ones = new Array<number>(Math.max(0, found.length - shape.length)).fill(1);
  return shape.length === 2 ? [...shape, ...ones] : shape;
}

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
  const { network: { aliases, belongs = () => true }, declare } = COMPONENTS[network]!;
  const scope = new Scope();
  declare(scope, config);
  const tensors = new Map<string, ExpectedTensor>();
  for (const [parameter, { value: { shape } }] of scope.declarations) {
    const names = [parameter, ...(aliases?.(parameter) ?? [])];
    const name = names.find((candidate) => file.has(candidate)) ?? parameter;
    tensors.set(name, { shape: shapeIn(file, name, shape) });
  }
  return { tensors, belongs };
}
