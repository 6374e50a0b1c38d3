/**
 * ONNX Runtime's native library, as its npm package brings it. Importing the package's JSON makes Deno fetch the
 * package, after which `import.meta.resolve` gives its place on disk.
 *
 * @module
 */
import manifest from "npm:onnxruntime-node@1.30.0/package.json" with { type: "json" };

/** Version of ONNX Runtime. */
export const ORT_VERSION: string = manifest.version;

/** The package's own folder, as a file URL. */
export function ortPackage(): URL {
  return new URL("./", import.meta.resolve("npm:onnxruntime-node@1.30.0/package.json"));
}
