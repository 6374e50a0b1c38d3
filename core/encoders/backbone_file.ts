/**
 * Which backbone a file of weights is of, by its tensors.
 *
 * @module
 */
import type { BackboneSpec } from "../backbones/backbone.ts";
import {
  namesOfFamilies,
  recognizeBackbones,
  type RecognizedBackbone,
} from "../backbones/recognize_backbones.ts";
import { backbone, backboneNames } from "../backbones/registry.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { findEncoder, partOf, type RenamedPart } from "../weights/find_encoder.ts";
import {
  type CheckpointLayout,
  type EncoderRole,
  recognizeLayout,
} from "../weights/layouts/layouts.ts";
import { describeCandidates } from "../weights/prefix.ts";
import { describeNames, type TensorFile } from "../weights/tensor_file.ts";

/** What {@linkcode recognizeBackboneFile} looks for. */
export interface BackboneFileOptions {
  /** What errors say cannot be done, such as `encode by weights.pth`. */
  readonly action: string;
  /** Name of the backbone, where several have the file's tensors (default the only one that has). */
  readonly backbone?: string;
  /** Which of a checkpoint's encoders (default the one that was trained). */
  readonly encoder?: EncoderRole;
}

/** The backbone of a file. */
export interface BackboneOfFile {
  /** The network, built with the options that the shapes tell. */
  readonly spec: BackboneSpec;
  /** Height and width of the images that it is for, in pixels: those that a ViT's positions fit. */
  readonly size: number;
  /** The part of the file that is the encoder's, under own names. */
  readonly part: RenamedPart;
  /** What stands before the names in the file. */
  readonly prefix: string;
  /** Whose names stand behind that, such as `mmpretrain's ViT`. */
  readonly scheme: string;
  /** How the file is laid out. */
  readonly layout: CheckpointLayout;
}

/** Images of ResNets whose first convolution is that for small ones. */
const SMALL_IMAGES = 32;

/** The part of a file that is a backbone's, under own names. */
function backbonePart(file: TensorFile, { action, encoder }: BackboneFileOptions) {
  const found = findEncoder(file.names, namesOfFamilies(), encoder);
  const { prefix, scheme } = found;
  if (prefix !== undefined) {
    return { prefix, scheme: scheme.name, part: partOf(file, prefix, scheme) };
  }
  throw new GenviewTypeError(
    `Cannot ${action}: its tensors must be those of one of ${
      backboneNames.join(", ")
    }, or of a CLIP model, ${
      found.candidates.length > 0 ? describeCandidates(found) : `found ${describeNames(file)}`
    }`,
  );
}

function sizeOf(part: TensorFile, { inputSize }: BackboneSpec): number {
  const small = part.has("conv1.weight") && part.type("conv1.weight").shape[2] === 3;
  return small ? SMALL_IMAGES : inputSize;
}

/**
 * Finds the backbone that an open file holds, also within the checkpoint of a training program.
 *
 * @throws {TypeError} if it holds none that is known, several fit and none is named, or another is named
 */
export function recognizeBackboneFile(
  file: TensorFile,
  options: BackboneFileOptions,
): BackboneOfFile {
  const { action, backbone: asked } = options;
  const found = backbonePart(file, options);
  const { part } = found;
  const layout = recognizeLayout(file.names);
  const ofFile = ({ spec, size = sizeOf(part, spec) }: RecognizedBackbone): BackboneOfFile => ({
    ...found,
    spec,
    size,
    layout,
  });
  const fitting = recognizeBackbones(new Map(part.names.map((name) => [name, part.type(name)])));
  const { backbones } = layout;
  const own = fitting.filter(({ spec }) => backbones && spec.name.startsWith(backbones));
  const candidates = own.length > 0 && asked === undefined ? own : fitting;
  const names = candidates.map(({ spec }) => spec.name);
  if (asked !== undefined) {
    // Refuses unknown names, and says which are known.
    const spec = backbone(asked);
    const chosen = candidates.find((candidate) => candidate.spec.name === spec.name);
    if (chosen !== undefined) return ofFile(chosen);
    // Reading them then lists what does not fit.
    if (candidates.length === 0) return ofFile({ spec });
    throw new GenviewTypeError(
      `Cannot ${action}: its tensors must be those of ${asked}, found ${names.join(" and ")}`,
    );
  }
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return ofFile(only);
  throw new GenviewTypeError(
    `Cannot ${action}: ${
      only === undefined
        ? `its tensors must be those of one of ${
          backboneNames.join(", ")
        }, or of a CLIP model, found ${describeNames(part)}; --backbone NAME lists what differs`
        : `--backbone must say which it is, found tensors of ${names.join(" and of ")}`
    }`,
  );
}
