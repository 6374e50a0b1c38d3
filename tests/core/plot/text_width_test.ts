import { assert, assertEquals } from "@std/assert";
import { clipText, textWidth, wrapText } from "../../../core/plot/text_width.ts";

Deno.test("textWidth() tells narrow characters from wide ones", () => {
  assert(textWidth("illicit", 12) < textWidth("numbers", 12));
  assert(textWidth("numbers", 12) < textWidth("WWWMMMM", 12));
  assertEquals(textWidth("", 12), 0);
  assertEquals(textWidth("ab", 24), 2 * textWidth("ab", 12));
  assert(textWidth("画像", 10) >= 20);
});

Deno.test("textWidth() is a little more than the width in Helvetica", () => {
  // E, p, l, i, space, t and point by Adobe's metrics of the font.
  const helvetica = 0.667 + 0.556 + 0.222 + 0.222 + 0.278 + 0.278 + 0.278;
  const measured = textWidth("Epli t.", 1);
  assert(measured > helvetica && measured < 1.2 * helvetica, `${measured} of ${helvetica}`);
});

Deno.test("wrapText() breaks at spaces, into lines that fit", () => {
  const lines = wrapText("supervised, same  number of steps & augmentations", 12, 150);
  assertEquals(lines, ["supervised, same", "number of steps &", "augmentations"]);
  for (const line of lines) assert(textWidth(line, 12) <= 150);
  assertEquals(wrapText(" ", 12, 150), []);
});

Deno.test("wrapText() cuts a word that is too wide by itself", () => {
  const [word, ...rest] = wrapText("automobile", 12, 48);
  assertEquals(rest, []);
  assert(word!.startsWith("auto") && word!.endsWith("…"));
  assert(textWidth(word!, 12) <= 48);
});

Deno.test("clipText() keeps what fits and does not break characters", () => {
  assertEquals(clipText("cat", 12, 100), "cat");
  assertEquals(clipText("😀😀😀😀", 10, 35), "😀😀…");
});
