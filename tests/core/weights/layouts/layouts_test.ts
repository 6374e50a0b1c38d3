import { assertEquals } from "@std/assert";
import {
  headNames,
  LAYOUTS,
  recognizeLayout,
  roleOfPrefix,
} from "../../../../core/weights/layouts/layouts.ts";
import { readPublishedLayouts } from "../../encoders/published_checkpoints.ts";

const { checkpoints } = await readPublishedLayouts();

/** What a run's model calls the tensors of a checkpoint's heads, in the order of the file. */
function headsOf(checkpoint: string): string[] {
  const names = Object.keys(checkpoints[checkpoint]!);
  const own = headNames(recognizeLayout(names));
  return names.map(own).filter((name) => name !== undefined);
}

function layer(name: string, kind: "weight" | "bias" | "affine" | "plain"): string[] {
  const statistics = ["running_mean", "running_var", "num_batches_tracked"];
  const parts = {
    weight: ["weight"],
    bias: ["weight", "bias"],
    affine: ["weight", "bias", ...statistics],
    plain: statistics,
  };
  return parts[kind].map((part) => `${name}.${part}`);
}

const MOCO3_HEADS = (predictorsNorm: string[]) => [
  ...layer("projector.fc0", "weight"),
  ...layer("projector.bn0", "affine"),
  ...layer("projector.fc1", "weight"),
  ...layer("projector.bn1", "plain"),
  ...layer("predictor.fc0", "weight"),
  ...layer("predictor.bn0", "affine"),
  ...layer("predictor.fc1", "weight"),
  ...predictorsNorm,
  ...layer("momentum_encoder.projector.fc0", "weight"),
  ...layer("momentum_encoder.projector.bn0", "affine"),
  ...layer("momentum_encoder.projector.fc1", "weight"),
  ...layer("momentum_encoder.projector.bn1", "plain"),
];

const HEADS = {
  simsiam: [
    ...["projector.fc0", "projector.bn0"].flatMap((name, i) =>
      layer(name, i ? "affine" : "weight")
    ),
    ...["projector.fc1", "projector.bn1"].flatMap((name, i) =>
      layer(name, i ? "affine" : "weight")
    ),
    ...layer("projector.fc2", "weight"),
    ...layer("projector.bn2", "plain"),
    ...layer("predictor.fc0", "weight"),
    ...layer("predictor.bn0", "affine"),
    ...layer("predictor.fc1", "bias"),
  ],
  moco2: ["projector", "momentum_encoder.projector"].flatMap((projector) => [
    ...layer(`${projector}.fc0`, "bias"),
    ...layer(`${projector}.fc1`, "bias"),
  ]),
  moco3: MOCO3_HEADS([]),
  swav: [
    ...layer("projector.fc0", "bias"),
    ...layer("projector.bn0", "affine"),
    ...layer("projector.fc1", "bias"),
    "prototypes.weight",
  ],
};

for (const [method, expected] of Object.entries(HEADS)) {
  for (const program of ["mmpretrain", "authors"]) {
    Deno.test(`headNames() has a place in a run for the heads of ${program}_${method}`, () => {
      assertEquals(headsOf(`${program}_${method}`).sort(), [...expected].sort());
    });
  }
}

Deno.test("headNames() has places for BYOL's heads, and for none of a network alone", () => {
  assertEquals(headsOf("mmpretrain_byol").filter((name) => name.startsWith("predictor.")), [
    ...layer("predictor.fc0", "bias"),
    ...layer("predictor.bn0", "affine"),
    ...layer("predictor.fc1", "weight"),
  ]);
  assertEquals(recognizeLayout(["conv1.weight"]).name, "a network alone");
  assertEquals(headNames(recognizeLayout(["conv1.weight"]))("fc.weight"), undefined);
});

Deno.test("recognizeLayout() finds each layout by its marks, which no other one above it has", () => {
  for (const layout of LAYOUTS) {
    const names = layout.marks.map((mark) => `module.${mark}weight`);
    assertEquals(recognizeLayout(names).name, layout.name);
  }
});

Deno.test("recognizeLayout() tells a run of genview from mmpretrain's MoCo v3", () => {
  const run = ["backbone.conv1.weight", "momentum_encoder.backbone.conv1.weight"];
  assertEquals(recognizeLayout(run).name, "genview: a method with a momentum encoder");
});

Deno.test("roleOfPrefix() knows the encoders of every layout, also where they are wrapped", () => {
  for (const { encoders } of LAYOUTS) {
    for (const [role, prefix] of Object.entries(encoders)) {
      for (const wrapper of ["", "module.", "model._orig_mod."]) {
        assertEquals<string | undefined>(roleOfPrefix(wrapper + prefix), role);
      }
    }
  }
  assertEquals(roleOfPrefix("backbone.layer1."), undefined);
});
