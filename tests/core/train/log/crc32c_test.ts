import { assertEquals } from "@std/assert";
import { crc32c, maskedCrc32c } from "../../../../core/train/log/crc32c.ts";

Deno.test("crc32c() gives the checksums of RFC 3720, appendix B.4", () => {
  const bytes = (value: (i: number) => number) =>
    Uint8Array.from({ length: 32 }, (_, i) => value(i));
  assertEquals(crc32c(bytes(() => 0)), 0x8a9136aa);
  assertEquals(crc32c(bytes(() => 0xff)), 0x62a8ab43);
  assertEquals(crc32c(bytes((i) => i)), 0x46dd794e);
  assertEquals(crc32c(bytes((i) => 31 - i)), 0x113fdb5c);
  // An iSCSI SCSI Read (10) command.
  const command = new Uint8Array(48);
  const filled = { 0: 0x01, 1: 0xc0, 16: 0x14, 22: 0x04, 27: 0x14, 31: 0x18, 32: 0x28, 40: 0x02 };
  for (const [place, byte] of Object.entries(filled)) command[Number(place)] = byte;
  assertEquals(crc32c(command), 0xd9963a56);
});

Deno.test("crc32c() gives zero for no bytes", () => {
  assertEquals(crc32c(new Uint8Array(0)), 0);
});

Deno.test("maskedCrc32c() rotates by 15 bits and adds a constant", () => {
  const bytes = new TextEncoder().encode("123456789");
  assertEquals(crc32c(bytes), 0xe3069283);
  assertEquals(maskedCrc32c(bytes), 0xc78ab0e5);
});
