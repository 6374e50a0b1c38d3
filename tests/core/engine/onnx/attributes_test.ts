import { assertEquals } from "@std/assert";
import { AttributeProto_AttributeType as Type } from "../../../../core/deps/protobuf.ts";
import { encodeAttribute } from "../../../../core/engine/onnx/attributes.ts";

Deno.test("encodeAttribute() tags every kind with its type", () => {
  const int = encodeAttribute("axis", { int: -1 });
  assertEquals([int.name, int.type, int.i], ["axis", Type.INT, -1n]);
  const float = encodeAttribute("alpha", { float: 0.5 });
  assertEquals([float.type, float.f], [Type.FLOAT, 0.5]);
  const text = encodeAttribute("mode", { string: "linear" });
  assertEquals([text.type, new TextDecoder().decode(text.s)], [Type.STRING, "linear"]);
  const ints = encodeAttribute("pads", { ints: [1, 2] });
  assertEquals([ints.type, ints.ints], [Type.INTS, [1n, 2n]]);
  const floats = encodeAttribute("scales", { floats: [1, 0.5] });
  assertEquals([floats.type, floats.floats], [Type.FLOATS, [1, 0.5]]);
});

Deno.test("encodeAttribute() writes an element type as ONNX's number", () => {
  const attribute = encodeAttribute("to", { dtype: "float16" });
  assertEquals([attribute.type, attribute.i], [Type.INT, 10n]);
});
