/**
 * The encoder of a configuration's quality-driven weights.
 *
 * @module
 */
import { join } from "node:path";
import { openTokenNetwork } from "../../encoders/open_token_network.ts";
import { formatType } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { findComponent, readComponent } from "../../masking/component_file.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { PairEncoder } from "../step/pair_weighting.ts";

/** The file of a component: itself, or that of a network in a folder of results. */
async function componentFile(path: string, network: string): Promise<string> {
  const found = await ifThere(Deno.stat(path));
  if (found === undefined) {
    throw new GenviewTypeError(
      `Cannot weight pairs by ${network}: --quality-component must be an .npy file or the output folder ` +
        `of "deno task extract-features", found no ${path}`,
    );
  }
  if (!found.isDirectory) return path;
  const own = join(path, network);
  return await findComponent(await ifThere(Deno.stat(own)) === undefined ? path : own);
}

/**
 * The encoder by which a configuration weights pairs of views; undefined if it names none.
 *
 * @throws {TypeError} if its weights or its component are not at hand, or do not fit
 */
export async function configuredPairEncoder(
  { qualityEncoder, qualityComponent, qualityImageSize, qualitySharpness }: Pick<
    Configuration,
    "qualityEncoder" | "qualityComponent" | "qualityImageSize" | "qualitySharpness"
  >,
): Promise<PairEncoder | undefined> {
  if (qualityEncoder === "") return undefined;
  const network = await openTokenNetwork({
    model: qualityEncoder,
    imageSize: qualityImageSize,
  });
  const path = await componentFile(qualityComponent, network.name);
  const component = await readComponent(path);
  if (component.length !== network.width) {
    throw new GenviewTypeError(
      `Cannot weight pairs by ${network.name}: ${path} must hold ${
        formatType({ dtype: "float32", shape: [network.width, 1] })
      }, found ${component.length} numbers`,
    );
  }
  return { network, component, sharpness: qualitySharpness };
}
