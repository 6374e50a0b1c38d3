import { assertEquals } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import { presetOf } from "../../core/method/resolve_configuration.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { headNames, recognizeLayout } from "../../core/weights/layouts/layouts.ts";
import { readPublishedLayouts } from "../core/encoders/published_checkpoints.ts";
import { importMethod } from "./imported_method.ts";

const { checkpoints } = await readPublishedLayouts();

/** Names of a method's parameters and buffers beside the backbones, as a run has them. */
async function ownHeads(method: string, preset?: string): Promise<string[]> {
  const loaded = await importMethod(method);
  const { options } = presetOf(loaded.manifest, preset);
  const network = preset === "imagenet-vit" ? "mocov3_vit_small" : "resnet18";
  const { scope } = buildMethodGraph(loaded, {
    backbone: backbone(network),
    viewSizes: [64, 64],
    batchSize: 4,
    ...(options !== undefined && { options: options as Record<string, unknown> }),
  });
  return [...scope.declarations.keys()]
    .filter((name) => !/^(momentum_encoder\.)?backbone\./.test(name) && !name.startsWith("queue"))
    .sort();
}

const CASES = {
  mmpretrain_simsiam: ["simsiam"],
  authors_simsiam: ["simsiam"],
  mmpretrain_moco2: ["moco-v2"],
  authors_moco2: ["moco-v2"],
  mmpretrain_moco3: ["moco-v3"],
  authors_moco3: ["moco-v3"],
  mmpretrain_moco3_vit: ["moco-v3", "imagenet-vit"],
  authors_moco3_vit: ["moco-v3", "imagenet-vit"],
  mmpretrain_byol: ["byol"],
  mmpretrain_swav: ["swav"],
  authors_swav: ["swav"],
} as const;

for (const [checkpoint, [method, preset]] of Object.entries(CASES)) {
  Deno.test(`the heads of ${checkpoint} are those of a run of ${method}`, async () => {
    const names = Object.keys(checkpoints[checkpoint]!);
    const own = headNames(recognizeLayout(names));
    const published = names.map(own).filter((name) => name !== undefined);
    assertEquals([...new Set(published)].sort(), await ownHeads(method, preset));
  });
}
