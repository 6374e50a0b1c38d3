import { assertEquals } from "@std/assert";
import { backbone } from "../../../core/backbones/registry.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { input, type Value } from "../../../core/engine/graph/value.ts";
import { linear } from "../../../core/engine/nn/linear.ts";
import { mlp, type MlpLayer } from "../../../core/engine/nn/mlp.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";

/** What a method trains, and the copy that follows it. */
interface Training {
  readonly backbone: string;
  readonly projector: readonly MlpLayer[];
  readonly predictor?: readonly MlpLayer[];
  /** Whether backbone and projector have a copy that follows them. */
  readonly momentum?: boolean;
  readonly prototypes?: number;
  /** What mmpretrain's metafile states. */
  readonly total: number;
}

const plain = { norm: "none", activation: "none" } as const;
const scaleless = { affine: false, activation: "none" } as const;

const METHODS: Readonly<Record<string, Training>> = {
  SimSiam: {
    backbone: "resnet50",
    projector: [{ width: 2048 }, { width: 2048 }, { width: 2048, ...scaleless }],
    predictor: [{ width: 512 }, { width: 2048, bias: true, ...plain }],
    total: 38_199_360,
  },
  "MoCo v2": {
    backbone: "resnet50",
    projector: [{ width: 2048, bias: true, norm: "none" }, { width: 128, bias: true, ...plain }],
    momentum: true,
    total: 55_933_312,
  },
  "MoCo v3 with ResNet-50": {
    backbone: "resnet50",
    projector: [{ width: 4096 }, { width: 256, ...scaleless }],
    predictor: [{ width: 4096 }, { width: 256, ...plain }],
    momentum: true,
    total: 68_012_160,
  },
  "MoCo v3 with ViT-S": {
    backbone: "mocov3_vit_small",
    projector: [{ width: 4096 }, { width: 4096 }, { width: 256, ...scaleless }],
    predictor: [{ width: 4096 }, { width: 256, ...scaleless }],
    momentum: true,
    total: 84_266_752,
  },
  "MoCo v3 with ViT-B": {
    backbone: "mocov3_vit_base",
    projector: [{ width: 4096 }, { width: 4096 }, { width: 256, ...scaleless }],
    predictor: [{ width: 4096 }, { width: 256, ...scaleless }],
    momentum: true,
    total: 215_678_464,
  },
  BYOL: {
    backbone: "resnet50",
    projector: [{ width: 4096, bias: true }, { width: 256, ...plain }],
    predictor: [{ width: 4096, bias: true }, { width: 256, ...plain }],
    momentum: true,
    total: 68_024_448,
  },
  SwAV: {
    backbone: "resnet50",
    projector: [{ width: 2048, bias: true }, { width: 128, bias: true, ...plain }],
    prototypes: 3000,
    total: 28_354_752,
  },
};

function declare({ backbone: name, projector, predictor, momentum, prototypes }: Training): Scope {
  const scope = new Scope({ training: true });
  const images = input("images", "float32", [2, 3, 224, 224]);
  const embed = (place: Scope): Value =>
    mlp(
      place,
      "projector",
      place.enter("backbone", (inner) => backbone(name).apply(inner, images)),
      projector,
    );
  const embedding = embed(scope);
  if (momentum) scope.enter("momentum_encoder", embed, { frozen: true });
  if (predictor) mlp(scope, "predictor", embedding, predictor);
  if (prototypes) linear(scope, "prototypes", embedding, { width: prototypes, bias: false });
  return scope;
}

for (const [name, training] of Object.entries(METHODS)) {
  Deno.test(`backbone() and mlp() give ${name} ${training.total} parameters`, () => {
    const total = [...declare(training).declarations.values()]
      .filter(({ kind }) => kind !== "buffer")
      .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
    assertEquals(total, training.total);
  });
}
