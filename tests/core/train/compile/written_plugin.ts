/**
 * Plugins that tests write to a folder of their own.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadMethod, type MethodAtAddress } from "../../../../core/method/load.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../../core/method/resolve_configuration.ts";
import type { CompileRequest } from "../../../../core/train/compile/compile_request.ts";
import { inFolder } from "../../../in_folder.ts";

/** A manifest without options of its own. */
export const MANIFEST = {
  name: "mine",
  version: "0.1.0",
  apiVersion: 1,
  entry: "./mod.ts",
  title: "Mine",
  description: "What a test needs.",
  paper: "",
  options: { type: "object", properties: {} },
  presets: { default: {} },
} as const;

/** A method that only brings two views together: enough to train. */
export const BUILD = `build({ views, network, losses }) {
  const [a, b] = network({ projector: [{ width: 8 }] }).perView(views);
  return { loss: losses.negativeCosineSimilarity(a, b), embeddings: a };
}`;

/** What a test's plugins are compiled for: two views of 32 pixels, four samples, a small ViT. */
export function smallRequest(changes: PartialConfiguration = {}): CompileRequest {
  const configuration = resolveConfiguration({
    backbone: "clip_vit_tiny_patch8_64",
    imageSize: 32,
    batchSize: 4,
    ...changes,
  });
  return { configuration, viewSizes: [32, 32], tuning: {} };
}

/** Writes a module and its manifest into a folder; address of the manifest. */
export async function writePlugin(
  folder: string,
  code: string,
  manifest: object = {},
): Promise<URL> {
  const path = join(folder, "manifest.json");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(path, JSON.stringify({ ...MANIFEST, ...manifest }));
  await Deno.writeTextFile(
    join(folder, "mod.ts"),
    `import manifest from "./manifest.json" with { type: "json" };\n${code}\n`,
  );
  return pathToFileURL(path);
}

/** A plugin in a folder that is gone after the test. */
export async function withPlugin(
  code: string,
  test: (load: () => Promise<MethodAtAddress>, entry: string) => Promise<void>,
  manifest: object = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const address = await writePlugin(folder, code, manifest);
    await test(() => loadMethod(address), new URL("./mod.ts", address).href);
  });
}
