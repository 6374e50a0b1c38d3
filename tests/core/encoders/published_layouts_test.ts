import { assert, assertEquals } from "@std/assert";
import { recognizeBackboneFile } from "../../../core/encoders/backbone_file.ts";
import { openBackboneWeights } from "../../../core/encoders/backbone_weights.ts";
import { isFloat } from "../../../core/engine/graph/dtype.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";
import { runGraph } from "../../run_graph.ts";
import { readPublishedLayouts, writePublished } from "./published_checkpoints.ts";

/** Of each checkpoint: layout, backbone, and what stands before the names of its encoders. */
const EXPECTED = {
  mmpretrain_simsiam: ["mmpretrain: SimSiam", "resnet18", "backbone."],
  mmpretrain_moco2: ["mmpretrain: MoCo v2", "resnet18", "backbone.", "encoder_k.module.0."],
  mmpretrain_moco3: ["mmpretrain: MoCo v3", "resnet18", "backbone.", "momentum_encoder.module.0."],
  mmpretrain_moco3_vit: [
    "mmpretrain: MoCo v3",
    "mocov3_vit_small",
    "backbone.",
    "momentum_encoder.module.0.",
  ],
  mmpretrain_byol: ["mmpretrain: BYOL", "resnet18", "backbone.", "target_net.module.0."],
  mmpretrain_swav: ["mmpretrain: SwAV", "resnet50", "backbone."],
  mmpretrain_vit: [
    "mmpretrain: another method, or a classifier",
    "vit_tiny_patch16_224",
    "backbone.",
  ],
  mmpretrain_convnext: [
    "mmpretrain: another method, or a classifier",
    "convnext_tiny",
    "backbone.",
  ],
  authors_moco2: [
    "MoCo v1 or v2, the authors' program",
    "resnet18",
    "module.encoder_q.",
    "module.encoder_k.",
  ],
  authors_moco3: [
    "MoCo v3, the authors' program",
    "resnet18",
    "module.base_encoder.",
    "module.momentum_encoder.",
  ],
  authors_moco3_vit: [
    "MoCo v3, the authors' program",
    "mocov3_vit_small",
    "module.base_encoder.",
    "module.momentum_encoder.",
  ],
  authors_simsiam: ["SimSiam, the authors' program", "resnet18", "module.encoder."],
  authors_swav: ["SwAV, the authors' program", "resnet50", "module."],
  lightly_byol: [
    "lightly: a method with a momentum encoder",
    "resnet18",
    "backbone.",
    "backbone_momentum.",
  ],
  vissl: ["VISSL", "resnet18", "classy_state_dict.base_model.model.trunk._feature_blocks."],
} as const;

const { size, checkpoints, features } = await readPublishedLayouts();

Deno.test("the golden of published layouts holds those that are expected", () => {
  assertEquals(Object.keys(checkpoints).sort(), Object.keys(EXPECTED).sort());
});

for (const [name, [layout, backbone, ...prefixes]] of Object.entries(EXPECTED)) {
  Deno.test(`openBackboneWeights() reads ${name} to the real network's features`, () =>
    withFolder(async (path) => {
      const file = path(`${name}.safetensors`);
      const entries = checkpoints[name]!;
      await writePublished(file, entries);
      for (const [i, prefix] of prefixes.entries()) {
        const encoder = i === 0 ? "online" : "momentum";
        const { spec } = await (async () => {
          using opened = await openTensors(file);
          return recognizeBackboneFile(opened, { action: `read ${name}`, encoder });
        })();
        assertEquals(spec.name, backbone);
        const weights = await openBackboneWeights(file, spec, { size, encoder });
        assertEquals([weights.layout, weights.prefix, weights.missing], [layout, prefix, []]);
        // What is used and what is not is all that the file has.
        assertEquals(weights.tensors.size + weights.unused.length, Object.keys(entries).length);
        assert(!weights.unused.some((unused) => unused.startsWith(`${prefix}layer1.`)));

        const images = input("images", "float32", [2, 3, size, size]);
        const floats = [...weights.tensors].filter(([, { dtype }]) => isFloat(dtype));
        const feeds = {
          ...Object.fromEntries(floats),
          images: hashedTensor("images", images.shape),
        };
        const made = await runGraph({ features: spec.apply(new Scope(), images) }, feeds);
        const expected = features.get(`${name}/${encoder}`)!;
        const error = relativeError(made.features!.data, expected.data);
        assert(error < 1e-4, `${encoder} features differ by ${error} of their norm`);
      }
    }));
}
