import { assertEquals } from "@std/assert";
import { DownloadDisplay, formatBytes } from "../../../tasks/cli/download_display.ts";

function record(terminal: boolean) {
  const written: string[] = [];
  const clock = { now: 0 };
  const display = new DownloadDisplay({
    write: (text) => void written.push(text),
    terminal,
    now: () => clock.now,
  });
  return { written, clock, display };
}

Deno.test("formatBytes() takes three digits and the unit that fits", () => {
  const sizes = [0, 1, 999, 1000, 118_000, 1_264_000_000, 2e15];
  assertEquals(sizes.map(formatBytes), [
    ...["0 B", "1 B", "999 B", "1.00 kB", "118 kB", "1.26 GB"],
    "2.00e+3 TB",
  ]);
});

Deno.test("DownloadDisplay writes a tenth a line where lines cannot be written over", () => {
  const { written, clock, display } = record(false);
  using _ = display;
  for (let done = 0; done <= 100; done++) {
    clock.now = 10 * done;
    display.update("model.bin", done * 1e6, 100e6);
  }
  assertEquals(written.length, 11);
  assertEquals(written[0], "model.bin: 0 % of 100 MB\n");
  assertEquals(written[5], "model.bin: 50 % of 100 MB, 100 MB/s\n");
});

Deno.test("DownloadDisplay writes over its line on a terminal, five times a second", () => {
  const { written, clock, display } = record(true);
  for (let done = 0; done < 50; done++) {
    clock.now = 10 * done;
    display.update("model.bin", done, 100);
  }
  assertEquals(written.length, 3);
  assertEquals(written[1], "\r\x1b[Kmodel.bin: 20 % of 100 B, 100 B/s");
  display[Symbol.dispose]();
  assertEquals(written.at(-1), "\n");
});

Deno.test("DownloadDisplay counts only what has come since the file was begun", () => {
  const { written, clock, display } = record(false);
  using _ = display;
  display.update("a", 50e6, 100e6);
  clock.now = 1000;
  display.update("a", 60e6, 100e6);
  assertEquals(written[1], "a: 60 % of 100 MB, 10.0 MB/s\n");
});
