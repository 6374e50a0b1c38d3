/**
 * The methods that come with the SDK.
 *
 * @module
 */

/** Addresses of the bundled methods' manifests, by name. */
export const bundledMethods: Readonly<Record<string, URL>> = {
  "barlow-twins": new URL("./barlow-twins/manifest.json", import.meta.url),
  byol: new URL("./byol/manifest.json", import.meta.url),
  dino: new URL("./dino/manifest.json", import.meta.url),
  "moco-v2": new URL("./moco-v2/manifest.json", import.meta.url),
  "moco-v3": new URL("./moco-v3/manifest.json", import.meta.url),
  simclr: new URL("./simclr/manifest.json", import.meta.url),
  simsiam: new URL("./simsiam/manifest.json", import.meta.url),
  swav: new URL("./swav/manifest.json", import.meta.url),
  vicreg: new URL("./vicreg/manifest.json", import.meta.url),
};
