/**
 * What a checkpoint holds, by the names and shapes of its tensors; none of them is read.
 *
 * @module
 */
import { declareBackbone } from "../backbones/recognize_backbones.ts";
import { isFloat } from "../engine/graph/dtype.ts";
import { headNames } from "../weights/layouts/layouts.ts";
import { openTensors } from "../weights/open_tensors.ts";
import { type BackboneFileOptions, recognizeBackboneFile } from "./backbone_file.ts";

/** What {@linkcode inspectCheckpoint} finds; names are those in the file. */
export interface InspectedCheckpoint {
  /** The program and method whose checkpoint it is. */
  readonly layout: string;
  /** Name of the backbone. */
  readonly backbone: string;
  /** Coordinates of its features. */
  readonly width: number;
  /** Height and width of the images that it is for, in pixels. */
  readonly size: number;
  /** What stands before the names of its tensors. */
  readonly prefix: string;
  /** Whose names stand behind that. */
  readonly scheme: string;
  /** Tensors of the backbone. */
  readonly used: readonly string[];
  /** Parameters and buffers of the backbone, by own names, that the file lacks; counts of batches are not listed. */
  readonly missing: readonly string[];
  /** Tensors of the method's heads, with what a run calls them. */
  readonly heads: ReadonlyMap<string, string>;
  /** Tensors that there is no place for. */
  readonly ignored: readonly string[];
  /** Values that are no tensors, or cannot be read, each with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Says what a checkpoint holds: its layout, its backbone, and which of its tensors are used, are those of heads, and are
 * ignored. Nothing that a pickle names is run.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../backbones/registry.ts";
 * import { filled } from "../engine/graph/tensor.ts";
 * import { input } from "../engine/graph/value.ts";
 * import { Scope } from "../engine/nn/scope.ts";
 * import { writeSafetensors } from "../weights/safetensors.ts";
 * import { inspectCheckpoint } from "./inspect_checkpoint.ts";
 *
 * const scope = new Scope();
 * scope.enter("module.encoder_q", (inner) =>
 *   backbone("resnet18").apply(inner, input("images", "float32", [1, 3, 64, 64])));
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * const queue = filled("float32", [2, 8], 0);
 * const tensors = [...scope.initialize(0), ["module.encoder_k.fc.0.bias", queue], ["module.queue", queue]] as const;
 * await writeSafetensors(path, tensors, { overwrite: true });
 *
 * const { layout, backbone: name, used, ignored } = await inspectCheckpoint(path);
 * assertEquals([layout, name, used.length], ["MoCo v1 or v2, the authors' program", "resnet18", 120]);
 * assertEquals(ignored, ["module.queue"]);
 * await Deno.remove(path);
 * ```
 *
 * @param path a file of safetensors or PyTorch's
 * @throws {TypeError} if it holds no backbone that is known, or several fit and none is named
 * @throws {SyntaxError} if it breaks a rule of its format
 */
export async function inspectCheckpoint(
  path: string,
  options: Omit<BackboneFileOptions, "action"> = {},
): Promise<InspectedCheckpoint> {
  using file = await openTensors(path);
  const found = recognizeBackboneFile(file, { ...options, action: `show ${path}` });
  const { spec, size, part, prefix, scheme, layout } = found;
  const { declarations } = declareBackbone(spec, size);
  const used = new Set(
    [...declarations.keys()].filter((name) => part.has(name)).map(part.nameInFile),
  );
  const headOf = headNames(layout);
  const heads = new Map<string, string>();
  for (const name of file.names) {
    const own = used.has(name) ? undefined : headOf(name);
    if (own !== undefined) heads.set(name, own);
  }
  return {
    layout: layout.name,
    backbone: spec.name,
    width: spec.width,
    size,
    prefix,
    scheme,
    used: [...used],
    missing: [...declarations].filter(([name, { value }]) =>
      isFloat(value.dtype) && !part.has(name)
    ).map(([name]) => name),
    heads,
    ignored: file.names.filter((name) => !used.has(name) && !heads.has(name)),
    unreadable: file.unreadable,
  };
}
