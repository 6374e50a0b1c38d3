import { assertEquals, assertThrows } from "@std/assert";
import { encodeEvent } from "../../../../core/train/log/event_message.ts";

const TIME_ZERO = [9, 0, 0, 0, 0, 0, 0, 0, 0];

Deno.test("encodeEvent() writes time, step and format version", () => {
  assertEquals([...encodeEvent(1, 300, { fileVersion: "v" })], [
    ...[9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
    ...[16, 0xac, 0x02],
    ...[26, 1, 0x76],
  ]);
});

Deno.test("encodeEvent() leaves a step of zero out and writes a value of zero", () => {
  assertEquals([...encodeEvent(0, 0, { values: [{ tag: "a", scalar: 0 }] })], [
    ...TIME_ZERO,
    ...[42, 10, 10, 8, 10, 1, 0x61, 21, 0, 0, 0, 0],
  ]);
});

Deno.test("encodeEvent() writes steps beyond 32 bits", () => {
  const bytes = encodeEvent(0, Number.MAX_SAFE_INTEGER, { restart: true });
  assertEquals([...bytes.subarray(9, 18)], [16, ...new Array(7).fill(0xff), 0x0f]);
  assertEquals([...bytes.subarray(18)], [58, 2, 8, 1]);
});

Deno.test("encodeEvent() rejects an image of an unknown colour type", () => {
  const png = new Uint8Array(40);
  png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  for (const colorType of [1, 5, 7]) {
    png[25] = colorType;
    assertThrows(() => encodeEvent(0, 0, { values: [{ tag: "a", png }] }), TypeError, '"a"');
  }
});
