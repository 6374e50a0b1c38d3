/**
 * The backbone of a run as a file for other programs.
 *
 * @module
 */
import type { DamagedCheckpoint } from "../weights/checkpoint/newest.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import type { EncoderRole } from "../weights/layouts/layouts.ts";
import type { PythonLibrary } from "../weights/layouts/name_schemes.ts";
import { exportOnnx, exportSafetensors } from "./export_backbone.ts";
import { openTrainedBackbone } from "./trained_backbone.ts";

/** What {@linkcode exportRun} writes, and how. */
export interface ExportRunOptions {
  /** Images in a run of an ONNX model (default any number). */
  readonly batchSize?: number;
  /** Height and width of an ONNX model's images, in pixels (default those of training). */
  readonly size?: number;
  /** Library whose names a state dict gets (default torchvision of ResNets, open_clip of CLIP's ViTs, timm of others). */
  readonly library?: PythonLibrary;
  /** Which of the run's encoders: the trained one (default), or its moving average, which not every method has. */
  readonly encoder?: EncoderRole;
}

/** What was exported. */
export interface ExportedRun {
  /** The file. */
  readonly path: string;
  /** Name of the backbone. */
  readonly backbone: string;
  /** Steps of the run that were taken. */
  readonly step: number;
  /** Newer checkpoints of the run that are damaged. */
  readonly passedOver: readonly DamagedCheckpoint[];
}

/**
 * Exports the backbone of a run: as an ONNX model that any runtime runs (`.onnx`), or as a state dict in the names of
 * torchvision, timm, mmpretrain or open_clip (`.safetensors`).
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../backbones/registry.ts";
 * import { input } from "../engine/graph/value.ts";
 * import { Scope } from "../engine/nn/scope.ts";
 * import { saveCheckpoint } from "../weights/checkpoint/checkpoint.ts";
 * import { readSafetensors } from "../weights/safetensors.ts";
 * import { exportRun } from "./export_run.ts";
 *
 * const scope = new Scope();
 * const network = backbone("resnet18", { stem: "small" });
 * scope.enter("backbone", (inner) => network.apply(inner, input("x", "float32", [1, 3, 32, 32])));
 * const configuration = { backbone: "resnet18", stem: "small", imageSize: 32, views: "small" };
 * const run = await Deno.makeTempDir();
 * await saveCheckpoint(`${run}/checkpoints`, {
 *   state: { version: 1, method: "simsiam", step: 40, epoch: 2, samples: 320, configuration },
 *   model: scope.initialize(1),
 *   optimizer: [],
 * }, 1);
 *
 * const { backbone: name, step } = await exportRun(run, `${run}/backbone.safetensors`);
 * assertEquals([name, step], ["resnet18", 40]);
 * const { metadata } = await readSafetensors(`${run}/backbone.safetensors`);
 * assertEquals([metadata.backbone, metadata.size], ["resnet18", "32"]);
 * await Deno.remove(run, { recursive: true });
 * ```
 *
 * @param run folder of the run, or of one of its checkpoints
 * @param path the file; its ending decides what is written
 * @throws {TypeError} if it ends otherwise, names are asked of an ONNX model or sizes of a state dict, or the run has no
 * such encoder
 * @throws {Deno.errors.NotFound} if there is no such run, or no folder for the file
 * @throws {Deno.errors.AlreadyExists} if the file exists
 */
export async function exportRun(
  run: string,
  path: string,
  { batchSize, size, library, encoder }: ExportRunOptions = {},
): Promise<ExportedRun> {
  const onnx = path.endsWith(".onnx");
  if (!onnx && !path.endsWith(".safetensors")) {
    throw new GenviewTypeError(`Cannot export to "${path}": it must end in .onnx or .safetensors`);
  }
  if (onnx && library !== undefined) {
    throw new GenviewTypeError(
      `Cannot export to "${path}": an ONNX model has no names of ${library}; leave out --names, or name a .safetensors file`,
    );
  }
  if (!onnx && (batchSize !== undefined || size !== undefined)) {
    throw new GenviewTypeError(
      `Cannot export to "${path}": a state dict has neither a batch nor an image size; leave out --batch and ` +
        "--image-size, or name an .onnx file",
    );
  }
  const { spec, tensors, step, passedOver, ...trained } = await openTrainedBackbone(run, encoder);
  const model = new Map([...tensors].map(([name, value]) => [`backbone.${name}`, value]));
  const facts = { backbone: spec, size: size ?? trained.size, normalize: trained.normalize };
  if (onnx) await exportOnnx(path, model, { ...facts, ...(batchSize && { batchSize }) });
  else await exportSafetensors(path, model, { ...facts, ...(library && { library }) });
  return { path, backbone: spec.name, step, passedOver };
}
