/**
 * How training programs lay out their checkpoints: where the networks lie, and what their heads are called. A further
 * program is a further line of {@linkcode LAYOUTS}.
 *
 * @module
 */
import { type Rename, toOwn } from "./renames.ts";

/** Which of a checkpoint's encoders: the trained one, or the one that follows it as a moving average. */
export type EncoderRole = "online" | "momentum";

/** How a training program lays out a method's checkpoint; names are those without {@linkcode WRAPPERS}. */
export interface CheckpointLayout {
  /** The program and the method, such as `mmpretrain: MoCo v3`. */
  readonly name: string;
  /** Beginnings of names that every checkpoint of the layout has, and which tell it from those above it. */
  readonly marks: readonly string[];
  /** What stands before the names of the encoders' tensors. */
  readonly encoders: Readonly<Partial<Record<EncoderRole, string>>>;
  /** Tensors beside the encoders, and what a run's model calls them; those of no line have no place in a run. */
  readonly heads: readonly Rename[];
  /** Beginning of the names of its backbones, where others have the same tensors but differ in numbers of heads. */
  readonly backbones?: string;
}

/** Parts of names that are taken off wherever they stand before a network's, and what puts them there. */
export const WRAPPERS: ReadonlySet<string> = new Set([
  // DistributedDataParallel and DataParallel of PyTorch, and mmengine's averaged models.
  "module",
  // torch.compile.
  "_orig_mod",
  // Entries of a checkpoint, and modules within PyTorch Lightning's.
  "model",
  "state_dict",
]);

/** Heads of runs. */
const OWN_HEADS: readonly Rename[] = [
  ["projector.fc{i}.", "projector.fc{i}."],
  ["projector.bn{i}.", "projector.bn{i}."],
  ["predictor.fc{i}.", "predictor.fc{i}."],
  ["predictor.bn{i}.", "predictor.bn{i}."],
  ["prototypes.weight", "prototypes.weight"],
];

/** mmpretrain's `NonLinearNeck` is what {@linkcode mlp} follows in its names. */
const MMPRETRAIN_NECK: readonly Rename[] = [["neck.", "projector."]];
const MMPRETRAIN_PREDICTOR: readonly Rename[] = [["head.predictor.", "predictor."]];

/** Linear layers and batch norms of a `Sequential` by their place in it. */
function sequence(published: string, own: string, places: Readonly<Record<number, string>>) {
  return Object.entries(places).map(([place, layer]): Rename => [
    `${published}.${place}.`,
    `${own}.${layer}.`,
  ]);
}

/** Linear, batch norm and activation, over and over, as in MoCo v3's and SimSiam's own programs. */
const NORMED_LAYERS = { 0: "fc0", 1: "bn0", 3: "fc1", 4: "bn1", 6: "fc2", 7: "bn2" } as const;
/** Linear and activation, as in MoCo v2. */
const PLAIN_LAYERS = { 0: "fc0", 2: "fc1" } as const;

/** The layouts that are known; of those whose marks a checkpoint has, the first is its own. */
export const LAYOUTS: readonly CheckpointLayout[] = [
  {
    name: "mmpretrain: MoCo v2",
    marks: ["backbone.", "encoder_k."],
    encoders: { online: "backbone.", momentum: "encoder_k.module.0." },
    heads: [
      ...sequence("neck.mlp", "projector", PLAIN_LAYERS),
      ...sequence("encoder_k.1.mlp", "momentum_encoder.projector", PLAIN_LAYERS),
    ],
  },
  {
    name: "genview: a method with a momentum encoder",
    marks: ["backbone.", "momentum_encoder.backbone."],
    encoders: { online: "backbone.", momentum: "momentum_encoder.backbone." },
    heads: [...OWN_HEADS, ["momentum_encoder.projector.", "momentum_encoder.projector."]],
  },
  {
    name: "mmpretrain: MoCo v3",
    marks: ["backbone.", "momentum_encoder."],
    encoders: { online: "backbone.", momentum: "momentum_encoder.module.0." },
    backbones: "mocov3_",
    heads: [
      ...MMPRETRAIN_NECK,
      ...MMPRETRAIN_PREDICTOR,
      ["momentum_encoder.1.", "momentum_encoder.projector."],
    ],
  },
  {
    name: "mmpretrain: BYOL",
    marks: ["backbone.", "target_net."],
    encoders: { online: "backbone.", momentum: "target_net.module.0." },
    heads: [
      ...MMPRETRAIN_NECK,
      ...MMPRETRAIN_PREDICTOR,
      ["target_net.1.", "momentum_encoder.projector."],
    ],
  },
  {
    name: "mmpretrain: SwAV",
    marks: ["backbone.", "neck.projection_neck."],
    encoders: { online: "backbone." },
    // `neck.norm` is the same layer as `neck.projection_neck.1`.
    heads: [
      ...sequence("neck.projection_neck", "projector", { 0: "fc0", 1: "bn0", 3: "fc1" }),
      ["head.loss_module.prototypes.weight", "prototypes.weight"],
    ],
  },
  {
    name: "mmpretrain: SimSiam",
    marks: ["backbone.", "neck.fc0.", "head.predictor."],
    encoders: { online: "backbone." },
    heads: [...MMPRETRAIN_NECK, ...MMPRETRAIN_PREDICTOR],
  },
  {
    name: "mmpretrain: SimCLR or Barlow Twins",
    marks: ["backbone.", "neck.fc0."],
    encoders: { online: "backbone." },
    heads: MMPRETRAIN_NECK,
  },
  {
    name: "mmpretrain: another method, or a classifier",
    marks: ["backbone.", "head."],
    encoders: { online: "backbone." },
    heads: [],
  },
  {
    name: "lightly: a method with a momentum encoder",
    marks: ["backbone.", "backbone_momentum."],
    encoders: { online: "backbone.", momentum: "backbone_momentum." },
    heads: [],
  },
  {
    name: "solo-learn: a method with a momentum encoder",
    marks: ["backbone.", "momentum_backbone."],
    encoders: { online: "backbone.", momentum: "momentum_backbone." },
    heads: [],
  },
  {
    name: "genview, mmpretrain, lightly or solo-learn: a backbone",
    marks: ["backbone."],
    encoders: { online: "backbone." },
    heads: OWN_HEADS,
  },
  {
    name: "MoCo v1 or v2, the authors' program",
    marks: ["encoder_q.", "encoder_k."],
    encoders: { online: "encoder_q.", momentum: "encoder_k." },
    heads: [
      ...sequence("encoder_q.fc", "projector", PLAIN_LAYERS),
      ...sequence("encoder_k.fc", "momentum_encoder.projector", PLAIN_LAYERS),
    ],
  },
  {
    name: "MoCo v3, the authors' program",
    marks: ["base_encoder.", "momentum_encoder."],
    encoders: { online: "base_encoder.", momentum: "momentum_encoder." },
    backbones: "mocov3_",
    heads: [
      // Of ResNets the head is `fc`, of ViTs `head`.
      ...sequence("base_encoder.fc", "projector", NORMED_LAYERS),
      ...sequence("base_encoder.head", "projector", NORMED_LAYERS),
      ...sequence("momentum_encoder.fc", "momentum_encoder.projector", NORMED_LAYERS),
      ...sequence("momentum_encoder.head", "momentum_encoder.projector", NORMED_LAYERS),
      ...sequence("predictor", "predictor", NORMED_LAYERS),
    ],
  },
  {
    name: "SimSiam, the authors' program",
    marks: ["encoder.", "predictor."],
    encoders: { online: "encoder." },
    heads: [
      ...Object.entries(NORMED_LAYERS).map(([place, layer]): Rename =>
        // The last layer has a bias that is not trained and that the batch norm behind it takes away.
        place === "6"
          ? ["encoder.fc.6.weight", `projector.${layer}.weight`]
          : [`encoder.fc.${place}.`, `projector.${layer}.`]
      ),
      ...sequence("predictor", "predictor", NORMED_LAYERS),
    ],
  },
  {
    name: "SwAV, the authors' program",
    marks: ["projection_head.", "prototypes."],
    encoders: { online: "" },
    heads: [
      ...sequence("projection_head", "projector", { 0: "fc0", 1: "bn0", 3: "fc1" }),
      ["prototypes.weight", "prototypes.weight"],
    ],
  },
  {
    name: "VISSL",
    marks: ["classy_state_dict."],
    encoders: { online: "classy_state_dict.base_model.model.trunk._feature_blocks." },
    heads: [],
  },
  {
    name: "an encoder of another program",
    marks: ["encoder."],
    encoders: { online: "encoder." },
    heads: [],
  },
  { name: "a network alone", marks: [], encoders: { online: "" }, heads: [] },
];

/** A name, or what stands before names, without the parts that wrap networks. */
export function withoutWrappers(name: string): string {
  return name.split(".").filter((part) => !WRAPPERS.has(part)).join(".");
}

const ROLES: ReadonlyMap<string, EncoderRole> = new Map(
  LAYOUTS.flatMap(({ encoders }) =>
    Object.entries(encoders).map(([role, prefix]) =>
      [withoutWrappers(prefix), role as EncoderRole] as const
    )
  ),
);

/**
 * Which encoder of a checkpoint a prefix stands before; undefined if no layout has it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { roleOfPrefix } from "./layouts.ts";
 *
 * assertEquals(roleOfPrefix("module.encoder_q."), "online");
 * assertEquals(roleOfPrefix("target_net.module.0."), "momentum");
 * assertEquals(roleOfPrefix("clip_model."), undefined);
 * ```
 */
export function roleOfPrefix(prefix: string): EncoderRole | undefined {
  return ROLES.get(withoutWrappers(prefix));
}

/** The layout of a checkpoint, by the names of its tensors. */
export function recognizeLayout(names: readonly string[]): CheckpointLayout {
  const plain = names.map(withoutWrappers);
  return LAYOUTS.find(({ marks }) =>
    marks.every((mark) => plain.some((name) => name.startsWith(mark)))
  )!;
}

/** What a run's model calls the tensors of a layout beside the encoders; undefined of those that it has no place for. */
export function headNames({ heads }: CheckpointLayout): (name: string) => string | undefined {
  const own = toOwn(heads);
  return (name) => own(withoutWrappers(name));
}
