/**
 * The names under which publishers store the parameters of CLIP's image towers.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { describeNames, type TensorFile } from "../weights/tensor_file.ts";

/** Where a parameter of a tower lies in a file: a tensor, or some of its rows, as it is or transposed. */
export interface StoredAs {
  readonly name: string;
  /** Rows `[from, to)` of the tensor; all of them when left out. */
  readonly rows?: readonly [from: number, to: number];
  /** Whether the file has the matrix the other way round. */
  readonly transposed?: boolean;
}

/** Whose names: open_clip's, transformers' or timm's. */
export type ClipLayoutName = "open_clip" | "transformers" | "timm";

/** One publisher's names. */
export interface ClipLayout {
  readonly name: ClipLayoutName;
  /** A tensor that every file of this layout has, by one of these names, and no file of another. */
  readonly marks: readonly string[];
  /** Where the parameter of open_clip's name lies. */
  readonly locate: (parameter: string) => StoredAs;
  /** Whether a tensor of a file belongs to the image tower, so that a parameter must be in it. */
  readonly belongs: (name: string) => boolean;
}

/** A parameter's name and the rows of it that are meant: `in_proj_weight[0:1280]`. */
function parseRows(parameter: string): StoredAs {
  const match = /^(.*)\[(\d+):(\d+)\]$/.exec(parameter);
  if (match === null) return { name: parameter };
  return { name: match[1]!, rows: [Number(match[2]), Number(match[3])] };
}

const OPEN_CLIP: ClipLayout = {
  name: "open_clip",
  marks: ["visual.class_embedding", "visual.trunk.stem.0.weight"],
  locate: parseRows,
  belongs: (name) => name.startsWith("visual."),
};

const VISION = "vision_model.";

/** Transformers' names of what is in a block, by open_clip's. */
const BLOCK_NAMES: Readonly<Record<string, string>> = {
  "ln_1": "layer_norm1",
  "attn.out_proj": "self_attn.out_proj",
  "ln_2": "layer_norm2",
  "mlp.c_fc": "mlp.fc1",
  "mlp.c_proj": "mlp.fc2",
};

/** Transformers' names of what is around the blocks, by open_clip's. The misspelling is in the published files. */
const OUTER_NAMES: Readonly<Record<string, string>> = {
  "class_embedding": "embeddings.class_embedding",
  "conv1.weight": "embeddings.patch_embedding.weight",
  "positional_embedding": "embeddings.position_embedding.weight",
  "ln_pre.weight": "pre_layrnorm.weight",
  "ln_pre.bias": "pre_layrnorm.bias",
  "ln_post.weight": "post_layernorm.weight",
  "ln_post.bias": "post_layernorm.bias",
};

function locateInTransformers(parameter: string): StoredAs {
  if (parameter === "visual.proj") return { name: "visual_projection.weight", transposed: true };
  const { name, rows } = parseRows(parameter.slice("visual.".length));
  const block = /^transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(name);
  if (block === null) return { name: VISION + (OUTER_NAMES[name] ?? name) };
  const [, index, part, kind] = block as unknown as [string, string, string, string];
  const known = rows === undefined
    ? BLOCK_NAMES[part]
    // Queries, keys and values are tensors of their own, each of which is a third of the rows.
    : `self_attn.${"qkv"[rows[0] / (rows[1] - rows[0])]}_proj`;
  return { name: `${VISION}encoder.layers.${index}.${known}.${kind}` };
}

const TRANSFORMERS: ClipLayout = {
  name: "transformers",
  marks: [`${VISION}embeddings.class_embedding`],
  locate: locateInTransformers,
  // Files of 2023 hold the numbers of the positions, which are no parameter.
  belongs: (name) =>
    (name.startsWith(VISION) && !name.endsWith(".position_ids")) ||
    name.startsWith("visual_projection."),
};

/** A tensor that timm's classifier has beside open_clip's projection, filled with zeros by its conversion. */
export const TIMM_ZERO_BIAS = "head.fc.bias";

const TIMM: ClipLayout = {
  name: "timm",
  marks: ["stem.0.weight"],
  locate: (parameter) => ({
    name: parameter === "visual.head.proj.weight"
      ? "head.fc.weight"
      : parameter.replace(/^visual\.trunk\./, ""),
  }),
  belongs: (name) => name !== TIMM_ZERO_BIAS,
};

const LAYOUTS: readonly ClipLayout[] = [OPEN_CLIP, TRANSFORMERS, TIMM];

/** The tensors of which a file with an image tower of CLIP has one, whichever publisher's names it has. */
export const CLIP_MARKS: readonly string[] = LAYOUTS.flatMap(({ marks }) => marks);

/** The layout of a name. */
export function clipLayout(name: ClipLayoutName): ClipLayout {
  return LAYOUTS.find((layout) => layout.name === name)!;
}

/** The layout whose names a file has; undefined if it holds no image tower of CLIP under known names. */
export function findClipLayout(file: Pick<TensorFile, "has">): ClipLayout | undefined {
  return LAYOUTS.find(({ marks }) => marks.some((mark) => file.has(mark)));
}

/**
 * The layout whose names a file has.
 *
 * @throws {TypeError} if it holds no image tower of CLIP under known names
 */
export function clipLayoutOf(
  file: Pick<TensorFile, "has" | "names" | "path" | "unreadable">,
): ClipLayout {
  const found = findClipLayout(file);
  if (found !== undefined) return found;
  const known = LAYOUTS.map(({ name, marks }) => `${name} (${marks.join(" or ")})`).join(", ");
  throw new GenviewTypeError(
    `Cannot read an image tower from ${file.path}: it must have the names of ${known}, found ${
      describeNames(file)
    }`,
  );
}
