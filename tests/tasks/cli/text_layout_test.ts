import { assert, assertEquals } from "@std/assert";
import { isColorful, textColumns, wrap } from "../../../tasks/cli/text_layout.ts";

Deno.test("wrap() breaks between words, and leaves longer words whole", () => {
  assertEquals(wrap("one two three", 7, "  "), "one two\n  three");
  assertEquals(wrap("a extraordinarily b", 5, ""), "a\nextraordinarily\nb");
  assertEquals(wrap("", 5, ""), "");
});

Deno.test("textColumns() keeps lines readable", () => {
  const columns = textColumns();
  assert(columns >= 40 && columns <= 120, String(columns));
});

Deno.test("isColorful() colours nothing but terminals", () => {
  assertEquals(isColorful({ isTerminal: () => false }), false);
  assertEquals(isColorful({ isTerminal: () => true }), !Deno.noColor);
});

Deno.test("COLUMNS sets the width of a help text, where it may be read", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env=COLUMNS", "cli.ts", "--help"],
    cwd: new URL("../../../", import.meta.url).pathname,
    env: { COLUMNS: "50", NO_COLOR: "1" },
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  const wide = lines.filter((line) => line.length > 50 && !/deno install|^ *genview/.test(line));
  assertEquals(wide, []);
});
