import { assertEquals, assertThrows } from "@std/assert";
import { expectedClipFile } from "../../../core/encoders/expected_clip_file.ts";

function fileWith(mark: string) {
  return {
    path: "model.safetensors",
    names: [mark],
    unreadable: new Map<string, string>(),
    has: (name: string) => name === mark,
  };
}

const VIT_H = "ViT-H-14/laion2b_s32b_b79k";

Deno.test("expectedClipFile() has the 392 tensors of ViT-H-14 in open_clip's names", () => {
  const { tensors, belongs } = expectedClipFile(VIT_H, fileWith("visual.class_embedding"));
  assertEquals(tensors.size, 392);
  const attention = "visual.transformer.resblocks.31.attn.in_proj_weight";
  assertEquals(tensors.get(attention)?.shape, [3840, 1280]);
  assertEquals(tensors.get("visual.proj")?.shape, [1280, 1024]);
  assertEquals(tensors.get("visual.positional_embedding")?.shape, [257, 1280]);
  const elements = [...tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  assertEquals(elements.reduce((a, b) => a + b), 632_076_800);
  assertEquals([belongs("visual.other"), belongs("text_projection")], [true, false]);
});

Deno.test("expectedClipFile() has the same tower in transformers' names", () => {
  const mark = "vision_model.embeddings.class_embedding";
  const { tensors, belongs } = expectedClipFile(VIT_H, fileWith(mark));
  assertEquals(tensors.get("visual_projection.weight")?.shape, [1024, 1280]);
  const query = "vision_model.encoder.layers.0.self_attn.q_proj.weight";
  assertEquals(tensors.get(query)?.shape, [1280, 1280]);
  assertEquals(tensors.size, 392 + 32 * 2 * 2);
  assertEquals(belongs("vision_model.embeddings.position_ids"), false);
});

Deno.test("expectedClipFile() refuses unknown networks and files of unknown names", () => {
  assertThrows(
    () => expectedClipFile("ViT-H/x", fileWith("")),
    TypeError,
    'the nearest is "ViT-H-14"',
  );
  assertThrows(() => expectedClipFile(VIT_H, fileWith("")), TypeError, "it must have the names of");
});
