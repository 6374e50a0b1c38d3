/**
 * The methods that come with the SDK.
 *
 * @module
 */

/** Addresses of the bundled methods' manifests, by name. */
export const bundledMethods: Readonly<Record<string, URL>> = {
  simsiam: new URL("./simsiam/manifest.json", import.meta.url),
};
