import { assertEquals } from "@std/assert";
import { MaskingDisplay } from "../../../tasks/cli/masking_display.ts";

Deno.test("MaskingDisplay has a line for each phase, and notes above it", () => {
  let text = "";
  {
    using display = new MaskingDisplay((part) => text += part);
    display.show({ kind: "all images", images: 2 });
    display.show({ kind: "present", images: 1, total: 2 });
    display.show({ kind: "progress", phase: "features", done: 0, total: 1 });
    display.show({ kind: "warning", message: "a.png cannot be read" });
    display.show({ kind: "decomposing", tokens: 32 });
    display.show({ kind: "progress", phase: "scores", done: 0, total: 2 });
    display.show({ kind: "progress", done: 0, total: 3, without: 1 });
  }
  assertEquals(
    text,
    [
      "2 images are taken; there are no more",
      "1 of 2 images have features already",
      "0%  0/1  – left  phase features",
      "warning: a.png cannot be read",
      "decomposing the covariance of 32 tokens",
      "0%  0/2  – left  phase scores",
      "0%  0/3  – left  without ratio 1",
      "",
    ].join("\n"),
  );
});
