/**
 * The networks that published weights are for: which tensors a file must hold.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { CLIP_LAYOUTS, type ClipLayout } from "../core/backbones/clip_layouts.ts";
import { clipModel, clipModelNames } from "../core/backbones/clip_models.ts";
import { input } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { nearestName } from "../core/schema/nearest_name.ts";
import type { TensorFile } from "../core/weights/tensor_file.ts";
import type { ExpectedTensor } from "../core/weights/verify_tensors.ts";

/** What a file must hold for a network. */
export interface ExpectedFile {
  readonly tensors: ReadonlyMap<string, ExpectedTensor>;
  /** Whether a tensor of the file would have to be known; others are of other networks in the same file. */
  readonly belongs: (name: string) => boolean;
}

/** A tensor that old files of transformers hold, and that says nothing. */
const POSITION_NUMBERS = /\.position_ids$/;

/** Tensors of CLIP's image tower as a publisher names them; parameters that are rows of one tensor are joined. */
function expectedTensors(name: string, pretrained: string, layout: ClipLayout) {
  const tower = clipModel(name, pretrained);
  const scope = new Scope();
  tower.apply(scope, input("images", "float32", [1, 3, tower.inputSize, tower.inputSize]));
  const tensors = new Map<string, ExpectedTensor>();
  for (const { name: parameter, value } of scope.declarations.values()) {
    const stored = layout.locate(parameter);
    const shape = stored.transposed ? value.shape.toReversed() : [...value.shape];
    if (stored.rows !== undefined) {
      shape[0] = Math.max(stored.rows[1], tensors.get(stored.name)?.shape[0] ?? 0);
    }
    tensors.set(stored.name, { shape });
  }
  return tensors;
}

/**
 * What a file must hold for a network: in the names of the publisher whose layout the file has.
 *
 * @param network `MODEL/WEIGHTS`, as open_clip calls them, such as `ViT-H-14/laion2b_s32b_b79k`
 * @throws {TypeError} if there is no such network, or the file has no known publisher's names
 */
export function expectedFile(
  network: string,
  file: Pick<TensorFile, "has" | "path">,
): ExpectedFile {
  const [model = "", pretrained = ""] = network.split("/");
  if (!clipModelNames.includes(model)) {
    throw new GenviewTypeError(
      `Cannot verify ${file.path}: no network is called "${network}", the nearest is "${
        nearestName(model, clipModelNames)
      }"`,
    );
  }
  const layout = CLIP_LAYOUTS.find(({ marks }) => marks.some((mark) => file.has(mark)));
  if (layout === undefined) {
    const known = CLIP_LAYOUTS.map(({ name, marks }) => `${name} (${marks.join(" or ")})`);
    throw new GenviewTypeError(
      `Cannot verify ${file.path}: its names must be those of ${
        known.join(", ")
      }, found none of them`,
    );
  }
  return {
    tensors: expectedTensors(model, pretrained, layout),
    belongs: (name) =>
      layout.belongs(name) && !POSITION_NUMBERS.test(name) && name !== "head.fc.bias",
  };
}
