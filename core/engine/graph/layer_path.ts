/**
 * The path of the layer that is being built, which nodes remember and errors name.
 *
 * @module
 */

let current = "";

/** Path of the layer that is being built, such as `layer1.0.conv1`; empty outside of layers. */
export function layerPath(): string {
  return current;
}

/** Builds within the layer at this path. */
export function withinLayer<T>(path: string, build: () => T): T {
  const outer = current;
  current = path;
  try {
    return build();
  } finally {
    current = outer;
  }
}
