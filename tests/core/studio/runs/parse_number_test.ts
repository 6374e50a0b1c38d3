import { assertEquals } from "@std/assert";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { NumberReader } from "../../../../core/studio/runs/parse_number.ts";

const ENCODER = new TextEncoder();

function read(text: string): readonly [value: number, end: number] {
  const reader = new NumberReader();
  const bytes = ENCODER.encode(text);
  const end = reader.read(bytes, 0, bytes.length);
  return [reader.value, end];
}

Deno.test("numbers are read from bytes to the last bit", () => {
  const random = new RandomStream(0, "numbers");
  const reader = new NumberReader();
  for (let i = 0; i < 50_000; i++) {
    const scale = 10 ** random.integer(24) / 1e12;
    const value = i % 3 === 0
      ? Math.fround(random.uniform() * scale)
      : (random.uniform() - 0.5) * scale;
    const bytes = ENCODER.encode(`${JSON.stringify(value)},`);
    assertEquals(reader.read(bytes, 0, bytes.length), bytes.length - 1);
    if (reader.value !== value) assertEquals(reader.value, value);
  }
});

Deno.test("numbers at the ends of what a double holds are read as the language reads them", () => {
  const texts = [
    "0",
    "-0",
    "5e-324",
    "1.7976931348623157e308",
    "9007199254740993",
    "1E+5",
    "1e-7",
    "0.1",
  ];
  for (
    const text of [...texts, "123456789012345678901234567890", "0.30000000000000004", "2.5e-22"]
  ) {
    assertEquals(read(`${text}}`), [Number(text), text.length], text);
  }
  assertEquals(read("1e999}"), [Infinity, 5]);
});

Deno.test("where no number begins, none is read", () => {
  for (const text of ["", "x", "-", ".", '"1"', "null", "e5"]) assertEquals(read(text)[1], 0, text);
});
