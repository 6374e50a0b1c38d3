/**
 * The tensors that a file of CLIP's weights must hold.
 *
 * @module
 */
import { clipLayoutOf } from "../backbones/clip_layouts.ts";
import { clipModel } from "../backbones/clip_models.ts";
import { clipTensors } from "../backbones/clip_weights.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import type { ExpectedFile } from "../weights/verify_tensors.ts";

/**
 * What a file must hold for an image tower of CLIP, in the names of the publisher whose layout the file has.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { expectedClipFile } from "./expected_clip_file.ts";
 *
 * const mark = "visual.class_embedding";
 * const has = (name: string) => name === mark;
 * const file = { path: "model.safetensors", names: [mark], unreadable: new Map<string, string>(), has };
 * const { tensors } = expectedClipFile("ViT-H-14/laion2b_s32b_b79k", file);
 * assertEquals(tensors.get("visual.proj")?.shape, [1280, 1024]);
 * ```
 *
 * @param network `MODEL/WEIGHTS`, as open_clip calls them, such as `ViT-H-14/laion2b_s32b_b79k`
 * @throws {TypeError} if there is no such network, or the file has no known publisher's names
 */
export function expectedClipFile(
  network: string,
  file: Pick<TensorFile, "has" | "names" | "path" | "unreadable">,
): ExpectedFile {
  const [name = "", pretrained] = network.split("/");
  const model = clipModel(name, pretrained);
  const layout = clipLayoutOf(file);
  return { tensors: clipTensors(model, layout), belongs: layout.belongs };
}
