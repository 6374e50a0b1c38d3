/**
 * Parts of a generator that stay as they are when it is fine-tuned.
 *
 * @module
 */
import { Scope } from "../../engine/nn/scope.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { nearestName } from "../../schema/nearest_name.ts";
import { parseUnet } from "../network_config.ts";
import { PublishedFolder } from "../published_folder.ts";
import { declareUnet } from "./generator_networks.ts";

/** The autoencoder as a part. */
export const AUTOENCODER = "autoencoder";

/** What names of parts of the UNet begin with. */
const UNET = "unet.";

/** Which parameters stay as they are. */
export interface FrozenParts {
  /** Whether all of the autoencoder's do. */
  readonly freezeAutoencoder: boolean;
  /** Whether one of the UNet's does, by its name. */
  readonly isFrozen: (parameter: string) => boolean;
}

/** Whether a parameter's name is that of a part, or begins with it and a point. */
function isOf(part: string, parameter: string): boolean {
  return parameter === part || parameter.startsWith(`${part}.`);
}

/**
 * Which parameters of a published generator stay as they are.
 *
 * @param parts `autoencoder`, or `unet.` and what the names of parameters begin with
 * @param folder of the generator, in diffusers' layout
 * @throws {TypeError} if the UNet has no such part
 */
export async function frozenParts(parts: readonly string[], folder: string): Promise<FrozenParts> {
  const prefixes = parts.filter((part) => part !== AUTOENCODER).map((part) =>
    part.slice(UNET.length)
  );
  if (prefixes.length > 0) {
    const scope = new Scope();
    declareUnet(scope, parseUnet(await new PublishedFolder(folder).config("unet")));
    const names = [...scope.declarations.keys()];
    const unknown = prefixes.find((prefix) => !names.some((name) => isOf(prefix, name)));
    if (unknown !== undefined) {
      const known = [...new Set(names.map((name) => name.split(".")[0]!))];
      throw new GenviewTypeError(
        `Cannot freeze ${UNET}${unknown}: no parameter's name begins so; did you mean ` +
          `"${UNET}${nearestName(unknown, known)}"?`,
      );
    }
  }
  return {
    freezeAutoencoder: parts.includes(AUTOENCODER),
    isFrozen: (parameter) => prefixes.some((prefix) => isOf(prefix, parameter)),
  };
}
