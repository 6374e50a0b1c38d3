import { assertEquals, assertRejects } from "@std/assert";
import { clipLayout, type ClipLayoutName } from "../../../core/backbones/clip_layouts.ts";
import { clipTensors } from "../../../core/backbones/clip_weights.ts";
import { backbone, clipModel } from "../../../core/backbones/mod.ts";
import type { TokenNetwork } from "../../../core/encoders/token_encoder.ts";
import { nodesLeadingTo } from "../../../core/engine/graph/node.ts";
import { zeros } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { writeSafetensors } from "../../../core/weights/safetensors.ts";
import { saveCheckpoint } from "../../../core/weights/checkpoint/checkpoint.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { exportSafetensors } from "../../../core/encoders/export_backbone.ts";
import {
  openTokenNetwork,
  type TokenNetworkChoice,
} from "../../../core/encoders/open_token_network.ts";
import { withFolder } from "../backbones/clip_golden.ts";
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
    const large = await openTokenNetwork(choose(path("mine.safetensors"), { imageSize: 96 }));
    assertEquals([large.grid, large.view.size], [[6, 6], 96]);
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
    const told = { normalize: "clip" } as const;
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
      await writeSafetensors(path("any.bin"), [["a", zeros("bool", [1])]]);
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

/** A state dict of a model in a publisher's names, of the type that takes the least room. */
async function writeClip(path: string, name: string, layout: ClipLayoutName): Promise<void> {
  const types = [...clipTensors(clipModel(name), clipLayout(layout))];
  await writeSafetensors(
    path,
    types.map(([key, { shape }]) => {
      const type = { dtype: "bool", shape } as const;
      return [key, { ...type, read: () => Promise.resolve(zeros("bool", shape)) }];
    }),
  );
}

/** Activations in the graph that a network loads. */
async function activations(network: TokenNetwork): Promise<Set<string>> {
  const { size } = network.view;
  const found = new Set<string>();
  const images = input("images", "float32", [1, 3, size, size]);
  const stop = new Error("seen");
  await assertRejects(
    () =>
      network.createSession(images, (tokens) => {
        for (const { op } of nodesLeadingTo([tokens], false)) {
          if (op.type === "QuickGelu" || op.type === "Gelu") found.add(op.type);
        }
        throw stop;
      }),
    Error,
    "seen",
  );
  return found;
}

Deno.test("openTokenNetwork() takes the activation of CLIP weights from the publisher's configuration", () =>
  withFolder(async (path) => {
    await Deno.mkdir(path("hf"));
    const file = path("hf/model.safetensors");
    await writeClip(file, "ViT-B-16", "transformers");
    const write = (name: string, content: unknown) =>
      Deno.writeTextFile(path(`hf/${name}`), JSON.stringify(content));
    const vision = {
      model_type: "clip_vision_model",
      patch_size: 16,
      hidden_size: 768,
      num_attention_heads: 12,
    };

    await assertRejects(
      () => openTokenNetwork({ model: file }),
      TypeError,
      "ViT-B-16 has weights of several kinds (laion2b_s34b_b88k, laion400m_e31, laion400m_e32, " +
        "datacomp_xl_s13b_b90k: GELU, mean 0.48145466 0.4578275 0.40821073, " +
        "std 0.26862954 0.26130258 0.27577711; openai: quick GELU, mean",
    );
    const told = await openTokenNetwork({ model: file, trainingData: "openai" });
    assertEquals([told.name, await activations(told)], ["ViT-B-16-openai", new Set(["QuickGelu"])]);

    await write("config.json", { ...vision, hidden_act: "quick_gelu" });
    const quick = await openTokenNetwork({ model: file });
    assertEquals([quick.name, await activations(quick)], ["ViT-B-16-hf", new Set(["QuickGelu"])]);
    await assertRejects(
      () => openTokenNetwork({ model: file, trainingData: "laion2b_s34b_b88k" }),
      TypeError,
      "--training-data laion2b_s34b_b88k means GELU",
    );
    await assertRejects(
      () => openTokenNetwork({ model: "ViT-B-16", weights: file, trainingData: "laion400m_e32" }),
      TypeError,
      "hf/config.json says otherwise; leave --training-data out",
    );
    const named = await openTokenNetwork({ model: "vit-b-16", weights: file });
    assertEquals([named.name, await activations(named)], ["ViT-B-16-hf", new Set(["QuickGelu"])]);

    await write("config.json", {
      model_type: "clip",
      vision_config: { ...vision, hidden_act: "gelu" },
    });
    await write("preprocessor_config.json", {
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.4, 0.4, 0.4],
    });
    const exact = await openTokenNetwork({ model: file });
    assertEquals(await activations(exact), new Set(["Gelu"]));
    assertEquals(exact.view.normalize, { mean: [0.5, 0.5, 0.5], std: [0.4, 0.4, 0.4] });

    // A deviation alone makes another kind.
    await write("preprocessor_config.json", {
      image_mean: CLIP_NORMALIZATION.mean,
      image_std: [0.4, 0.4, 0.4],
    });
    await assertRejects(
      () => openTokenNetwork({ model: file, trainingData: "laion2b_s34b_b88k" }),
      TypeError,
      "hf/config.json says otherwise",
    );

    // Left out, it is transformers' default.
    await write("config.json", vision);
    assertEquals(
      await activations(await openTokenNetwork({ model: file })),
      new Set(["QuickGelu"]),
    );
    await write("config.json", { ...vision, num_attention_heads: 16, image_size: 336 });
    await assertRejects(
      () => openTokenNetwork({ model: file }),
      TypeError,
      "heads must be 12, ",
    );
    await write("config.json", { ...vision, layer_norm_eps: 1e-6 });
    await assertRejects(
      () => openTokenNetwork({ model: file }),
      TypeError,
      "epsilon of layer normalisations must be 0.00001, ",
    );
    await write("config.json", { ...vision, hidden_act: "silu" });
    await assertRejects(
      () => openTokenNetwork({ model: file }),
      TypeError,
      '"hidden_act" must be one of gelu, quick_gelu, found "silu"',
    );
  }));

Deno.test("openTokenNetwork() reads open_clip's configuration, which comes first beside its weights", () =>
  withFolder(async (path) => {
    const file = path("open_clip_model.safetensors");
    await writeClip(file, "ViT-B-16", "open_clip");
    await Deno.writeTextFile(path("config.json"), JSON.stringify({ model_type: "clip" }));
    const vision_cfg = { image_size: 224, layers: 12, width: 768, patch_size: 16 };
    const write = (model: object) =>
      Deno.writeTextFile(
        path("open_clip_config.json"),
        JSON.stringify({
          model_cfg: { embed_dim: 512, vision_cfg, ...model },
          preprocess_cfg: { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] },
        }),
      );
    await write({});
    const exact = await openTokenNetwork({ model: file });
    assertEquals(await activations(exact), new Set(["Gelu"]));
    assertEquals(exact.view.normalize, { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] });
    await write({ quick_gelu: true });
    assertEquals(
      await activations(await openTokenNetwork({ model: file })),
      new Set(["QuickGelu"]),
    );
    await write({ vision_cfg: { ...vision_cfg, layers: 11 } });
    await assertRejects(() => openTokenNetwork({ model: file }), TypeError, "layers must be 12, ");
    await Deno.writeTextFile(path("open_clip_config.json"), "[".repeat(100_000));
    await assertRejects(() => openTokenNetwork({ model: file }), SyntaxError, "at most 256 levels");
  }));

Deno.test("openTokenNetwork() opens checkpoints of other training programs", () =>
  withFolder(async (path) => {
    const weights = await exportTinyBackbone(path("plain.safetensors"));
    const file = path("moco.safetensors");
    await writeSafetensors(file, [
      ...[...weights].map(([name, value]) => [`module.base_encoder.${name}`, value] as const),
      ...[...weights].map(([name, value]) => [`module.momentum_encoder.${name}`, value] as const),
    ]);
    const { name, grid } = await openTokenNetwork({ model: file });
    assertEquals([name, grid], ["moco", [4, 4]]);
    await writeSafetensors(
      file,
      [...weights].map(([name, value]) => [`teacher.net.${name}`, value] as const),
      { overwrite: true },
    );
    await assertRejects(
      () => openTokenNetwork({ model: file }),
      TypeError,
      'found them behind "teacher.net.": save that part alone, without the prefix',
    );
  }));

Deno.test("openTokenNetwork() opens a ConvNeXt that is no CLIP's, and says that a path leads nowhere", () =>
  withFolder(async (path) => {
    const scope = new Scope();
    backbone("convnext_tiny").apply(scope, input("images", "float32", [1, 3, 64, 64]));
    await writeSafetensors(path("mine.safetensors"), scope.initialize(1));
    const { grid, width } = await openTokenNetwork({
      model: path("mine.safetensors"),
      imageSize: 64,
    });
    assertEquals([grid, width], [[2, 2], 768]);
    await assertRejects(
      () => openTokenNetwork({ model: path("other.safetensors") }),
      Deno.errors.NotFound,
      "there is no such file or folder",
    );
  }));
