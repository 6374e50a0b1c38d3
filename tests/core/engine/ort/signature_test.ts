import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CPU } from "../../../../core/engine/ort/device.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import {
  findMismatches,
  findMisplaced,
  type NamedType,
  rejectMismatches,
  unknownName,
} from "../../../../core/engine/ort/signature.ts";
import {
  create,
  fromBinary,
  ModelProtoSchema,
  toBinary,
  TypeProtoSchema,
} from "../../../../core/deps/protobuf.ts";
import { identityModel } from "./small_models.ts";

const X: NamedType = { name: "x", dtype: "float32", shape: [-1, 3] };

Deno.test("findMismatches() lets any length suit one that is open", () => {
  for (const length of [0, 1, 1000]) {
    const given = { x: { dtype: "float32", shape: [length, 3] } } as const;
    assertEquals(findMismatches("input", [X], given, ["x"]), []);
  }
});

Deno.test("findMismatches() names the type that is asked for and the one that is there", () => {
  const cases = [
    [{ dtype: "float32", shape: [2, 4] }, "float32[2,4]"],
    [{ dtype: "float32", shape: [3] }, "float32[3]"],
    [{ dtype: "float16", shape: [2, 3] }, "float16[2,3]"],
  ] as const;
  for (const [x, found] of cases) {
    assertEquals(findMismatches("input", [X], { x }, []), [
      `input "x" must be float32[?,3], found ${found}`,
    ]);
  }
});

Deno.test("findMismatches() does not take what objects inherit for a tensor", () => {
  const type: NamedType = { name: "toString", dtype: "float32", shape: [] };
  assertEquals(findMismatches("input", [type], {}, ["toString"]), [
    'input "toString" is missing: it is float32[]',
  ]);
});

Deno.test("findMisplaced() lets a session read its own device and the host", () => {
  const cuda = { provider: "cuda", index: 1 } as const;
  const other = { provider: "cuda", index: 0 } as const;
  assertEquals(findMisplaced("input", cuda, { a: CPU, b: cuda, c: other }), [
    'input "c" must be on cuda:1 or cpu, found cuda:0',
  ]);
  assertEquals(findMisplaced("output", CPU, { a: CPU, b: cuda }), [
    'output "b" must be on cpu, found cuda:1',
  ]);
});

Deno.test("unknownName() lists the first twenty of many", () => {
  const many = Array.from({ length: 23 }, (_, i): NamedType => ({ ...X, name: `x${i}` }));
  const text = unknownName("input", many, "y");
  assert(text.startsWith('there is no input "y", found "x0", "x1", '), text);
  assert(text.endsWith('"x19" and 3 more'), text);
});

Deno.test("rejectMismatches() throws only if there is something", () => {
  rejectMismatches("run", []);
  assertThrows(() => rejectMismatches("run", ["a"]), TypeError, "Cannot run: a");
  assertThrows(() => rejectMismatches("run", ["a", "b"]), TypeError, "Cannot run:\n  - a\n  - b");
});

Deno.test("readSignature() refuses elements that no tensor here can hold", async () => {
  const model = fromBinary(ModelProtoSchema, identityModel({ dtype: "float32", shape: [1] }));
  const type = create(TypeProtoSchema, {
    value: { case: "tensorType", value: { elemType: 8, shape: { dim: [] } } },
  });
  for (const info of [...model.graph!.input, ...model.graph!.output]) info.type = type;
  const bytes = toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
  await assertRejects(
    () => Session.create(bytes, { threads: 1 }),
    TypeError,
    'Cannot read the type of input "x": its elements must be numbers or booleans',
  );
});
