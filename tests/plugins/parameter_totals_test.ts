import { assertEquals } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import { elementCount } from "../../core/engine/graph/shape.ts";
import { presetOf } from "../../core/method/resolve_configuration.ts";
import { buildMethodGraph, type MethodGraph } from "../../core/train/step/method_graph.ts";
import { importMethod } from "./imported_method.ts";

/** Elements of the parameters below a name, trained or following by a moving average; of all without a name. */
function count({ scope }: MethodGraph, below = ""): number {
  return [...scope.declarations.values()]
    .filter(({ name, kind }) => kind !== "buffer" && name.startsWith(below))
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}

/** Parameters that mmpretrain's metafiles give for a method in training, momentum encoder included. */
interface Published {
  readonly method: string;
  readonly preset?: string;
  readonly network: string;
  readonly total: number;
  /** By the names that parameters begin with. */
  readonly parts: Readonly<Record<string, number>>;
}

const PUBLISHED: readonly Published[] = [
  {
    method: "simsiam",
    network: "resnet50",
    total: 38_199_360,
    parts: { "backbone.": 23_508_032 },
  },
  {
    method: "moco-v2",
    network: "resnet50",
    total: 55_933_312,
    parts: { "projector.": 4_458_624, "momentum_encoder.projector.": 4_458_624 },
  },
  {
    method: "moco-v3",
    network: "resnet50",
    total: 68_012_160,
    parts: { "projector.": 9_445_376, "predictor.": 2_105_344 },
  },
  {
    method: "moco-v3",
    preset: "imagenet-vit",
    network: "mocov3_vit_small",
    total: 84_266_752,
    parts: { "backbone.": 21_665_664, "projector.": 19_415_040, "predictor.": 2_105_344 },
  },
  {
    method: "moco-v3",
    preset: "imagenet-vit",
    network: "mocov3_vit_base",
    total: 215_678_464,
    parts: { "backbone.": 85_798_656, "projector.": 20_987_904, "predictor.": 2_105_344 },
  },
  {
    method: "byol",
    network: "resnet50",
    total: 68_024_448,
    parts: { "projector.": 9_449_472, "predictor.": 2_109_440 },
  },
  // mmpretrain gives 27.97 million.
  { method: "simclr", network: "resnet50", total: 27_968_832, parts: { "projector.": 4_460_800 } },
];

for (const { method: name, preset = "imagenet", network, total, parts } of PUBLISHED) {
  Deno.test(`${name} on ${network} has ${total.toLocaleString("en")} parameters`, async () => {
    const method = await importMethod(name);
    const { options } = presetOf(method.manifest, preset);
    const graph = buildMethodGraph(method, {
      backbone: backbone(network),
      viewSizes: [224, 224],
      batchSize: 2,
      ...(options && { options }),
    });
    assertEquals(count(graph), total);
    for (const [below, expected] of Object.entries(parts)) {
      assertEquals(count(graph, below), expected, below);
    }
  });
}
