import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Backbone } from "../../core/backbones/backbone.ts";
import { visionTransformer } from "../../core/backbones/vision_transformer.ts";
import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/moco-v3/mod.ts";
import { graphOf as smallGraphOf, stepOf, writeViews } from "../core/train/small_methods.ts";
import { assertFollows, readGolden, RUNS } from "./fidelity.ts";
import { assertPairsAddUp } from "./pair_weights.ts";
import { chanceOf, lossOf, testMethod, weightedPairs } from "./method_checks.ts";
import { type MoCoV3Settings, mocoV3Trial } from "./moco_v3_trial.ts";

const mocoV3 = checkMethod(plugin, "moco-v3");

testMethod(mocoV3, {
  options: { hiddenWidth: 32, width: 16 },
  refused: [
    [{ positives: "none" }, "options.positives"],
    [{ predictorLayers: 0 }, "options.predictorLayers"],
  ],
  refusedViews: [1, 17],
});

interface ResNetSettings extends MoCoV3Settings {
  readonly eta: number;
  readonly momentum: number;
  /** With more than two views. */
  readonly positives?: "together" | "apart";
}

const resNets = {
  "two views": await readGolden<ResNetSettings>("moco_v3_resnet_steps"),
  "crops of two sizes": await readGolden<ResNetSettings>("moco_v3_crops_steps"),
  "crops of two sizes apart": await readGolden<ResNetSettings>("moco_v3_apart_steps"),
};

interface ViTSettings extends MoCoV3Settings {
  readonly epsilon: number;
  readonly patch: number;
  readonly tokens: number;
  readonly depth: number;
  readonly heads: number;
}

const vit = await readGolden<ViTSettings>("moco_v3_vit_steps");

const smallViT: Backbone = {
  name: "small",
  width: vit.tokens,
  apply: (scope, images) =>
    visionTransformer(scope, images, { ...vit, width: vit.tokens, variant: "mocov3" }),
};

for (const run of RUNS) {
  for (const [views, resNet] of Object.entries(resNets)) {
    Deno.test(`MoCo v3 on a ResNet follows PyTorch for 20 steps with ${views}, ${run}, in every loss, spread and final tensor`, async () => {
      const { eta, momentum, positives = "together" } = resNet;
      const trial = mocoV3Trial(resNet);
      const lars = { optimizer: "lars", larsVariant: "moco-v3", eta, momentum } as const;
      await assertFollows(
        resNet,
        {
          ...trial,
          options: { ...trial.options, positives },
          configuration: { ...trial.configuration, ...lars },
        },
        run,
      );
    });
  }

  Deno.test(`MoCo v3 on a ViT follows PyTorch for 20 steps, ${run}, in every loss, spread and final tensor`, async () => {
    const { epsilon } = vit;
    const trial = mocoV3Trial(vit);
    const adamW = { optimizer: "adamw", epsilon } as const;
    await assertFollows(vit, {
      ...trial,
      backbone: smallViT,
      configuration: { ...trial.configuration, ...adamW },
    }, run);
  });
}

Deno.test("MoCo v3 logs its contrast, the loss over 4T", async () => {
  const options = { hiddenWidth: 8, width: 8, temperature: 0.5 };
  const graph = smallGraphOf(mocoV3, options);
  using step = await stepOf(graph);
  writeViews(step, "batch");
  const { loss, metrics } = await step.run({ learning_rate: 0, weight_decay: 0, average_rate: 0 });
  assertAlmostEquals(metrics["contrast"]!, loss / 2, 1e-5);
});

Deno.test("MoCo v3's guess costs 4T ln B", async () => {
  assertAlmostEquals(await chanceOf(mocoV3, "imagenet"), 33.27, 0.01);
  assertAlmostEquals(await chanceOf(mocoV3, "imagenet-vit"), 6.65, 0.01);
});

Deno.test("MoCo v3 contrasts two views alike, together and apart, and gives local views no keys", async () => {
  const options = { hiddenWidth: 8, width: 8 };
  const [together, apart] = await Promise.all(
    ["together", "apart"].map((positives) => lossOf(mocoV3, { ...options, positives })),
  );
  assertAlmostEquals(together!, apart!, 1e-5);
  for (const positives of ["together", "apart"]) {
    const pairs = weightedPairs(mocoV3, [8, 8, 6], { ...options, positives });
    assertEquals(pairs.toSorted(), [[0, 1], [0, 2], [1, 2]]);
  }
});

for (const positives of ["together", "apart"]) {
  Deno.test(`MoCo v3 weighs each pair of three views by its own weights, ${positives}`, () =>
    assertPairsAddUp(mocoV3, { hiddenWidth: 8, width: 8, positives }, { average_rate: 0 }));
}
