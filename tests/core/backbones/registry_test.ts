import { assert, assertEquals, assertThrows } from "@std/assert";
import { backbone, backboneNames } from "../../../core/backbones/registry.ts";
import { nodesLeadingTo } from "../../../core/engine/graph/node.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { formatType } from "../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { openSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";
import { hashedParameters, hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";

interface Network {
  /** Number of parameters, the classifier's included. */
  readonly parameters: number;
  /** Types of the state dict's entries, by key. */
  readonly entries: Readonly<Record<string, string>>;
}

async function referenceNetworks(): Promise<Readonly<Record<string, Network>>> {
  const path = new URL("../../../fixtures/golden/network_state_dicts.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(path)).networks;
}

function declare(name: string, size = 224): Scope {
  const scope = new Scope({ training: true });
  const { apply, width } = backbone(name);
  const features = apply(scope, input("images", "float32", [2, 3, size, size]));
  assertEquals(features.shape, [2, width]);
  return scope;
}

/** Elements of all parameters, trained or not. */
function parameterCount(scope: Scope): number {
  return [...scope.declarations.values()].filter(({ kind }) => kind !== "buffer")
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}

function entries(scope: Scope): Record<string, string> {
  return Object.fromEntries(
    [...scope.declarations].sort().map(([name, { value }]) => [name, formatType(value.type)]),
  );
}

/** Heads of all attentions that lead to a value. */
function attentionHeads(features: Value): Set<number> {
  const attentions = nodesLeadingTo([features], false).filter(({ op }) =>
    op.type === "ScaledDotProductAttention"
  );
  return new Set(attentions.map(({ inputs }) => inputs.q!.shape[1]!));
}

function withoutClassifier({ entries }: Network): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).sort().filter(([name]) => !name.startsWith("fc.")),
  );
}

for (
  const name of [
    "resnet18",
    "resnet34",
    "resnet50",
    "vit_tiny_patch16_224",
    "vit_small_patch16_224",
    "vit_base_patch16_224",
    "convnext_tiny",
    "convnext_base",
  ]
) {
  Deno.test(`backbone() gives "${name}" the keys and shapes of the published state dict`, async () => {
    const published = (await referenceNetworks())[name]!;
    assertEquals(entries(declare(name)), withoutClassifier(published));
  });
}

for (
  const name of [
    "resnet34",
    "resnet50",
    "vit_tiny_patch16_224",
    "vit_small_patch16_224",
    "convnext_tiny",
  ]
) {
  Deno.test(`backbone() makes the features of the published "${name}"`, async () => {
    const path = new URL("../../../fixtures/golden/network_features.safetensors", import.meta.url);
    using file = await openSafetensors(path.pathname);
    const scope = new Scope();
    const images = input("images", "float32", [2, 3, 64, 64]);
    const features = backbone(name).apply(scope, images);
    const feeds = { ...hashedParameters(scope), images: hashedTensor("images", images.shape) };
    const results = await runGraph({ features }, feeds);
    const error = relativeError(results.features!.data, (await file.read(name)).data);
    assert(error < 1e-5, `differs by ${error} of its norm`);
  });
}

Deno.test("backbone() splits the widths of vision transformers into their published heads", () => {
  const heads = {
    vit_tiny_patch16_224: 3,
    vit_small_patch16_224: 6,
    vit_base_patch16_224: 12,
    mocov3_vit_small: 12,
    mocov3_vit_base: 12,
  };
  for (const [name, count] of Object.entries(heads)) {
    const images = input("images", "float32", [1, 3, 32, 32]);
    const features = backbone(name).apply(new Scope(), images);
    assertEquals(attentionHeads(features), new Set([count]), name);
  }
});

Deno.test("backbone() gives networks the parameter totals that their papers' code has", () => {
  const totals = {
    resnet18: 11_176_512,
    resnet50: 23_508_032,
    vit_small_patch16_224: 21_665_664,
    vit_base_patch16_224: 85_798_656,
    mocov3_vit_small: 21_665_664,
    mocov3_vit_base: 85_798_656,
  };
  for (const [name, total] of Object.entries(totals)) {
    assertEquals(parameterCount(declare(name)), total, name);
  }
});

Deno.test("backbone() with the ResNet-50 of torchvision lacks its two classifier entries", async () => {
  const published = (await referenceNetworks()).resnet50!;
  assertEquals(Object.keys(published.entries).length, 320);
  assertEquals(declare("resnet50").declarations.size, 318);
  assertEquals(published.parameters - parameterCount(declare("resnet50")), 2048 * 1000 + 1000);
});

Deno.test("backbone() shares parameters between two applications in one scope", () => {
  const scope = new Scope();
  const network = backbone("resnet18");
  network.apply(scope, input("first", "float32", [2, 3, 64, 64]));
  const count = scope.declarations.size;
  network.apply(scope, input("second", "float32", [2, 3, 96, 96]));
  assertEquals(scope.declarations.size, count);
});

Deno.test("backbone() passes the small stem on", () => {
  const scope = new Scope();
  backbone("resnet18", { stem: "small" }).apply(scope, input("x", "float32", [2, 3, 32, 32]));
  assertEquals(scope.declarations.get("conv1.weight")!.value.shape, [64, 3, 3, 3]);
});

Deno.test("backbone() suggests the nearest name", () => {
  assertThrows(
    () => backbone("resnet-50"),
    TypeError,
    'Cannot build backbone "resnet-50": there is none of this name, the nearest is "resnet50"',
  );
  assertThrows(() => backbone("toString"), TypeError, "there is none of this name");
});

Deno.test("backbone() refuses a ResNet's options for other networks", () => {
  assertThrows(
    () => backbone("convnext_tiny", { stem: "small", zeroInitResidual: true }),
    TypeError,
    'Cannot build backbone "convnext_tiny": only ResNets offer stem "small" and zeroInitResidual',
  );
  backbone("convnext_tiny", { stem: "imagenet", zeroInitResidual: false });
});

Deno.test("backboneNames lists backbones that all describe themselves", () => {
  for (const name of backboneNames) {
    const { description, inputSize } = backbone(name);
    const size = name.startsWith("clip_") ? 64 : 224;
    assertEquals([description.length > 0, inputSize], [true, size], name);
  }
});
