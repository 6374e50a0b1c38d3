import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { byteSize } from "../../../core/engine/graph/dtype.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import {
  encodeHeader,
  layoutOrder,
  parseHeader,
  type SafetensorsHeader,
} from "../../../core/weights/safetensors_header.ts";

function parse(header: unknown, dataBytes: number): SafetensorsHeader {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  return parseHeader(new TextEncoder().encode(text), dataBytes);
}

function entry(dtype: unknown, shape: unknown, offsets: unknown): Record<string, unknown> {
  return { dtype, shape, data_offsets: offsets };
}

Deno.test("parseHeader() gives the tensors in the order of their bytes", () => {
  const { tensors, metadata } = parse({
    late: entry("F32", [2], [6, 14]),
    early: entry("U8", [3, 2], [0, 6]),
    empty: entry("I64", [0], [6, 6]),
    __metadata__: { epoch: "3" },
  }, 14);
  assertEquals([...tensors.keys()], ["early", "empty", "late"]);
  assertEquals(tensors.get("late"), { dtype: "float32", shape: [2], start: 6, end: 14 });
  assertEquals(metadata, { epoch: "3" });
});

Deno.test("parseHeader() takes names that objects have by birth", () => {
  const { tensors } = parse(
    '{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]},' +
      '"constructor":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}',
    2,
  );
  assertEquals([...tensors.keys()], ["__proto__", "constructor"]);
});

Deno.test("parseHeader() takes long names with braces and escapes", () => {
  const name = '"{:[\\'.repeat(400_000);
  const { tensors } = parse({ [name]: entry("U8", [1], [0, 1]) }, 1);
  assertEquals([...tensors.keys()], [name]);
});

Deno.test("parseHeader() names the tensor and the rule it breaks", () => {
  const cases: [unknown, string][] = [
    [{ x: 3 }, 'tensor "x" must be an object, found 3'],
    [{ x: entry("F32", [1], [0, 8]) }, 'tensor "x" of type float32[1] must take 4 bytes'],
    [{ x: entry("F32", [-2], [0, 8]) }, 'the shape of tensor "x" must be a list of lengths'],
    [{ x: entry("F32", [2.5], [0, 8]) }, 'the shape of tensor "x" must be a list of lengths'],
    [{ x: entry("F32", "2", [0, 8]) }, 'found "2"'],
    [{ x: entry("F32", [2], [0]) }, 'data_offsets of tensor "x" must be two positions'],
    [{ x: entry("F32", [2], [0, 4, 8]) }, 'data_offsets of tensor "x" must be two positions'],
    [{ x: entry("F32", [2], [8, 0]) }, "must take 8 bytes, found [8, 0)"],
    [{ x: entry("F32", [2], undefined) }, "found nothing"],
    [{ x: entry("U8", [2 ** 52, 2 ** 52], [0, 8]) }, "must take 2.028240960365167e+31 bytes"],
    [{ x: entry("U8", [4], [4, 8]) }, 'tensor "x" must start at byte 0'],
    [
      { x: entry("U8", [5], [0, 5]), y: entry("U8", [4], [4, 8]) },
      'tensor "y" must start at byte 5, where the one before it ends, found 4',
    ],
    [
      { x: entry("U8", [3], [0, 3]), y: entry("U8", [4], [4, 8]) },
      'tensor "y" must start at byte 3',
    ],
    [{ x: entry("U8", [7], [0, 7]) }, "the tensors must fill the 8 bytes"],
    [{ x: entry("U8", [9], [0, 9]) }, "the tensors must fill the 8 bytes"],
    ['{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"x":1}', "found one of them twice"],
    [{ __metadata__: [] }, "__metadata__ must be an object of texts"],
    [{ __metadata__: { a: 1 }, x: entry("U8", [8], [0, 8]) }, "__metadata__.a must be a text"],
  ];
  for (const [header, message] of cases) {
    const error = assertThrows(() => parse(header, 8), SyntaxError);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("parseHeader() lists tensors of types that are not supported, and checks the sizes that it knows", () => {
  const others = [["F33", 4], ["F8_E4M3", 1], ["F8_E5M2", 1], ["F8_E8M0", 1], ["U64", 8]] as const;
  for (const [name, bytes] of [...others, ["toString", 5]] as const) {
    const content = { x: entry(name, [1], [0, bytes]), y: entry("U8", [2], [bytes, bytes + 2]) };
    const { tensors, unreadable } = parse(content, bytes + 2);
    assertEquals([...tensors.keys()], ["y"]);
    assertEquals([...unreadable.keys()], ["x"]);
    assertStringIncludes(unreadable.get("x")!, `found "${name}": convert it first`);
  }
  assertEquals([...parse({ x: entry("F4", [4], [0, 2]) }, 2).unreadable.keys()], ["x"]);
  for (const [name, end] of [["F8_E4M3", 2], ["F4", 1], ["U64", 4]] as const) {
    assertThrows(() => parse({ x: entry(name, [1], [0, end]) }, end), SyntaxError, "must take");
  }
  assertThrows(() => parse({ x: entry("F33", [1], [4, 0]) }, 0), SyntaxError, "must end behind");
  assertThrows(() => parse({ x: { dtype: 7 } }, 0), SyntaxError, "must be a text, found 7");
});

Deno.test("layoutOrder() puts wide types first and then goes by name", () => {
  const type = (dtype: "float32" | "bool" | "int64") => ({ dtype, shape: [1] });
  const ordered = layoutOrder([
    ["b", type("float32")],
    ["flag", type("bool")],
    ["a", type("float32")],
    ["steps", type("int64")],
  ]);
  assertEquals(ordered.map(([name]) => name), ["steps", "a", "b", "flag"]);
});

Deno.test("encodeHeader() pads the header to a multiple of 8 bytes", () => {
  const bytes = encodeHeader([["x", { dtype: "float32", shape: [2] }]], { b: "1", a: "2" });
  assertEquals(bytes.length % 8, 0);
  assertEquals(
    new TextDecoder().decode(bytes.subarray(8)).trimEnd(),
    '{"__metadata__":{"a":"2","b":"1"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
  );
  assertEquals(bytes[0], bytes.length - 8);
});

const SEED_HEADER = JSON.stringify({
  __metadata__: { note: "größe" },
  a: entry("F32", [2, 2], [0, 16]),
  b: entry("U8", [3], [16, 19]),
  c: entry("I64", [], [19, 27]),
});
const PIECES = ["{", "}", "[", "]", ",", ":", '"', "\\", "-1", "1e308", "9007199254740993", "null"];

/** The header with one to three bytes, digits or pieces of JSON changed. */
function mutate(random: RandomStream): Uint8Array {
  let bytes = [...new TextEncoder().encode(SEED_HEADER)];
  for (let change = random.integer(3); change >= 0; change--) {
    const at = random.integer(bytes.length);
    const kind = random.integer(4);
    if (kind === 0) bytes[at] = random.integer(256);
    else if (kind === 1) bytes[at] = 0x30 + random.integer(10);
    else if (kind === 2) {
      bytes.splice(at, 1, ...new TextEncoder().encode(PIECES[random.integer(PIECES.length)]!));
    } else bytes = [...bytes.slice(0, at), ...bytes.slice(random.integer(bytes.length))];
    if (bytes.length === 0) bytes = [0x7b];
  }
  return Uint8Array.from(bytes);
}

Deno.test("parseHeader() gives an error or tensors that fill the data, whatever the bytes", () => {
  let accepted = 0;
  for (let i = 0; i < 5000; i++) {
    const bytes = mutate(new RandomStream(1, "safetensors", i));
    try {
      const { tensors, unreadable } = parseHeader(bytes, 27);
      if (unreadable.size > 0) continue;
      let position = 0;
      for (const { dtype, shape, start, end } of tensors.values()) {
        assertEquals(start, position);
        assertEquals(end - start, elementCount(shape) * byteSize(dtype));
        position = end;
      }
      assertEquals(position, 27);
      accepted++;
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      assert(error.message.length < 400, error.message);
      assertStringIncludes(error.message, "found");
    }
  }
  assert(accepted > 50 && accepted < 2500, `${accepted} of 5000 were accepted`);
});

Deno.test("parseHeader() refuses deep nesting in one line", () => {
  for (
    const deep of [
      `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      `${'{"a":'.repeat(300)}1${"}".repeat(300)}`,
    ]
  ) {
    const bytes = new TextEncoder().encode(`{"x":${deep}}`);
    assertThrows(() => parseHeader(bytes, 0), SyntaxError, "at most 256 levels, found more");
  }
});
