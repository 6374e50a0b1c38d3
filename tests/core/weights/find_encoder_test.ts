import { assertEquals, assertRejects } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { findEncoder, partOf } from "../../../core/weights/find_encoder.ts";
import { openSafetensors, writeSafetensors } from "../../../core/weights/safetensors.ts";
import { inFolder } from "../../in_folder.ts";

const WANTED = new Set(["conv1.weight", "bn1.weight", "layer1.0.conv1.weight"]);

Deno.test("findEncoder() finds the encoder that is asked for under the library's names", () => {
  const names = ["0.weight", "1.weight", "4.0.conv1.weight"];
  const both = ["backbone.", "backbone_momentum.", "projection_head.layers."].flatMap((prefix) =>
    names.map((name) => prefix + name)
  ).filter((name) => !name.startsWith("projection_head.layers.4"));
  for (
    const [encoder, prefix] of [["online", "backbone."], [
      "momentum",
      "backbone_momentum.",
    ]] as const
  ) {
    const found = findEncoder(both, WANTED, encoder);
    assertEquals(found.prefix, prefix);
    assertEquals(found.scheme.name, "a sequence of torchvision's ResNet");
  }
});

Deno.test("findEncoder() offers the encoders that are there where the one that is asked for is not", () => {
  const names = [...WANTED].map((name) => `module.encoder_q.${name}`);
  const found = findEncoder(names, WANTED, "momentum");
  assertEquals([found.prefix, found.candidates], [undefined, ["module.encoder_q."]]);
});

Deno.test("partOf() gives tensors their own names, and errors those of the file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/weights.safetensors`;
    await writeSafetensors(path, [
      ["backbone.0.weight", float32([1], [7])],
      ["backbone.9.weight", float32([1], [8])],
      ["fc.weight", float32([1], [9])],
    ]);
    using file = await openSafetensors(path);
    const { prefix, scheme } = findEncoder(file.names, new Set(["conv1.weight"]));
    const part = partOf(file, prefix!, scheme);
    assertEquals(part.names, ["conv1.weight"]);
    assertEquals((await part.read("conv1.weight")).data, Float32Array.of(7));
    assertEquals(part.nameInFile("conv1.weight"), "backbone.0.weight");
    await assertRejects(() => part.read("bn1.weight"), RangeError, '"backbone.1.weight"');
  }));
