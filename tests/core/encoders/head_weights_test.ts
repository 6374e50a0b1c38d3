import { assertEquals, assertRejects } from "@std/assert";
import { describeHeadWeights, openHeadWeights } from "../../../core/encoders/head_weights.ts";
import { backbone } from "../../../core/backbones/registry.ts";
import type { TensorType } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { mlp } from "../../../core/engine/nn/mlp.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { hashedParameter } from "../engine/nn/hashed_values.ts";
import { readPublishedLayouts, writePublished } from "./published_checkpoints.ts";

const { checkpoints } = await readPublishedLayouts();

/** Types of a run of MoCo v3 with the heads of the golden. */
function moco3(hidden = 32): Map<string, TensorType> {
  const scope = new Scope({ training: true });
  const images = input("images", "float32", [2, 3, 64, 64]);
  const encode = (inner: Scope) => {
    const features = inner.enter("backbone", (of) => backbone("resnet18").apply(of, images));
    return mlp(inner, "projector", features, [
      { width: hidden },
      { width: 16, affine: false, activation: "none" },
    ]);
  };
  mlp(scope, "predictor", encode(scope), [
    { width: 32 },
    { width: 16, norm: "none", activation: "none" },
  ]);
  scope.enter("momentum_encoder", encode);
  return new Map([...scope.declarations].map(([name, { value }]) => [name, value.type]));
}

/** Of a run's name, that of the authors' program and of mmpretrain. */
const NAMES = {
  "projector.fc1.weight": ["module.base_encoder.fc.3.weight", "neck.fc1.weight"],
  "projector.bn1.running_var": ["module.base_encoder.fc.4.running_var", "neck.bn1.running_var"],
  "predictor.bn0.bias": ["module.predictor.1.bias", "head.predictor.bn0.bias"],
  "momentum_encoder.projector.fc0.weight": [
    "module.momentum_encoder.fc.0.weight",
    "momentum_encoder.module.1.fc0.weight",
  ],
  "momentum_encoder.backbone.layer2.0.bn1.bias": [
    "module.momentum_encoder.layer2.0.bn1.bias",
    "momentum_encoder.module.0.layer2.0.bn1.bias",
  ],
};

for (const [i, name] of ["authors_moco3", "mmpretrain_moco3"].entries()) {
  Deno.test(`openHeadWeights() reads heads and moving averages of ${name}`, () =>
    withFolder(async (path) => {
      const file = path("moco3.safetensors");
      await writePublished(file, checkpoints[name]!);
      const model = moco3();
      const heads = await openHeadWeights(file, model);
      assertEquals(heads.missing, []);
      const wanted = [...model.keys()].filter((own) => !own.startsWith("backbone."));
      assertEquals([...heads.tensors.keys()].sort(), wanted.sort());
      for (const [own, published] of Object.entries(NAMES)) {
        const found = heads.tensors.get(own)!;
        assertEquals(found, hashedParameter(published[i]!, found.shape), own);
      }
    }));
}

Deno.test("openHeadWeights() says what is missing, and refuses other shapes and files without heads", () =>
  withFolder(async (path) => {
    const model = moco3();
    const file = path("moco3.safetensors");
    const { "head.predictor.fc0.weight": _, ...entries } = checkpoints.mmpretrain_moco3!;
    await writePublished(file, entries);
    const heads = await openHeadWeights(file, model);
    assertEquals(heads.missing, ["predictor.fc0.weight"]);
    assertEquals(
      describeHeadWeights(heads),
      `${heads.tensors.size} tensors of heads and moving averages (mmpretrain: MoCo v3); missing: predictor.fc0.weight`,
    );
    await assertRejects(
      () => openHeadWeights(file, moco3(40)),
      TypeError,
      '"momentum_encoder.projector.fc0.weight" must be float32[40,512], found float32[32,512]',
    );
    await writePublished(path("vissl.safetensors"), checkpoints.vissl!);
    await assertRejects(
      () => openHeadWeights(path("vissl.safetensors"), model),
      TypeError,
      "found none in its layout (VISSL); leave out --from-heads",
    );
  }));
