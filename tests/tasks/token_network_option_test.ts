import { assertEquals, assertRejects } from "@std/assert";
import { backbone } from "../../core/backbones/mod.ts";
import { saveCheckpoint } from "../../core/weights/checkpoint/checkpoint.ts";
import { CLIP_NORMALIZATION } from "../../core/data/views/presets.ts";
import { exportSafetensors } from "../../core/encoders/export_backbone.ts";
import { openTokenNetwork, type TokenNetworkChoice } from "../../tasks/token_network_option.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { exportTinyBackbone } from "./tiny_backbone.ts";

function choose(model: string, more: Partial<TokenNetworkChoice> = {}): TokenNetworkChoice {
  const none = { trainingData: "", weights: "", backbone: "", imageSize: 0, patchSize: 0 };
  return { model, normalize: "auto", precision: "float32", ...none, ...more };
}

Deno.test("openTokenNetwork() opens an exported file, whose tensors say network and size", () =>
  withFolder(async (path) => {
    await exportTinyBackbone(path("mine.safetensors"));
    const { name, grid, width, view } = await openTokenNetwork(
      choose(path("mine.safetensors"), { normalize: "clip", patchSize: 16 }),
    );
    assertEquals([name, grid, width], ["mine", [4, 4], 192]);
    assertEquals([view.size, view.normalize], [64, CLIP_NORMALIZATION]);
  }));

Deno.test("openTokenNetwork() believes what an exported file says of itself, unless told otherwise", () =>
  withFolder(async (path) => {
    const weights = await exportTinyBackbone(path("plain.safetensors"));
    const normalize = { mean: [0.4, 0.5, 0.6], std: [0.1, 0.2, 0.3] } as const;
    const model = new Map([...weights].map(([name, value]) => [`backbone.${name}`, value]));
    const facts = { backbone: backbone("vit_tiny_patch16_224"), size: 64, normalize };
    await exportSafetensors(path("mine.safetensors"), model, facts);
    const { view } = await openTokenNetwork(choose(path("mine.safetensors")));
    assertEquals([view.size, view.normalize], [64, normalize]);
    const told = { normalize: "clip" };
    const other = (await openTokenNetwork(choose(path("mine.safetensors"), told))).view;
    assertEquals(other.normalize, CLIP_NORMALIZATION);
  }));

Deno.test("openTokenNetwork() opens the newest checkpoint of a run, as it was trained", () =>
  withFolder(async (path) => {
    const weights = await exportTinyBackbone(path("mine.safetensors"));
    const state = (step: number) => ({
      version: 1 as const,
      method: "simsiam",
      step,
      epoch: 1,
      samples: 10,
      configuration: {
        backbone: "vit_tiny_patch16_224",
        stem: "imagenet",
        zeroInitResidual: false,
        imageSize: 64,
        views: "simsiam",
      },
    });
    const model = [...weights].map(([name, value]) => [`backbone.${name}`, value] as const);
    for (const step of [3, 7]) {
      await saveCheckpoint(
        path("run/checkpoints"),
        { state: state(step), model, optimizer: [] },
        9,
      );
    }
    const { name, grid, view } = await openTokenNetwork(choose(path("run")));
    assertEquals(name, "run-vit_tiny_patch16_224-step-7");
    assertEquals([grid, view.size], [[4, 4], 64]);
  }));

Deno.test("openTokenNetwork() takes published names in any case, and says how weights are pulled", () =>
  withFolder(async (path) => {
    const before = Deno.env.get("HF_HUB_CACHE");
    Deno.env.set("HF_HUB_CACHE", path("cache"));
    try {
      await assertRejects(
        () => openTokenNetwork(choose("vit-h-14")),
        TypeError,
        'run "deno task weights pull clip-vit-h-14", or name a file by --weights',
      );
      const network = await openTokenNetwork(
        choose("ViT-H-14", { trainingData: "laion2B-s32B-b79K", weights: path("any.bin") }),
      );
      const { name, grid, width } = network;
      assertEquals([name, grid, width], ["ViT-H-14-laion2b_s32b_b79k", [16, 16], 1280]);
      await assertRejects(
        () => openTokenNetwork(choose("ViT-H-14", { weights: path("any.bin"), patchSize: 16 })),
        RangeError,
        "--patch-size must be 14",
      );
    } finally {
      if (before === undefined) Deno.env.delete("HF_HUB_CACHE");
      else Deno.env.set("HF_HUB_CACHE", before);
    }
  }));

Deno.test("openTokenNetwork() refuses a network that the tensors are not of", () =>
  withFolder(async (path) => {
    await exportTinyBackbone(path("mine.safetensors"));
    await assertRejects(
      () => openTokenNetwork(choose(path("mine.safetensors"), { backbone: "resnet50" })),
      TypeError,
      "its tensors must be those of resnet50, found vit_tiny_patch16_224",
    );
    await assertRejects(
      () => openTokenNetwork(choose(path("mine.safetensors"), { precision: "float16" })),
      TypeError,
      "only CLIP's towers can",
    );
  }));
