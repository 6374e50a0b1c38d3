import { assertEquals, assertStringIncludes } from "@std/assert";
import { VariationsDisplay } from "../../../tasks/cli/variations_display.ts";

Deno.test("VariationsDisplay counts what exists, and names images that cannot be read and failures", () => {
  const lines: string[] = [];
  {
    using display = new VariationsDisplay((part) => void lines.push(part));
    display.show({ kind: "note", text: "worker 1 is started again" });
    display.show({ kind: "start", total: 6, existing: 3 });
    const failure = { kind: "failure", source: "a.png", variations: 1 } as const;
    display.show({ ...failure, stage: "reading", message: "a.png cannot be read" });
    display.show({ ...failure, stage: "VAE", message: "the output must be finite" });
    display.show({ kind: "progress", made: 1, unreadable: 1, failed: 1 });
  }
  assertEquals(lines.slice(0, 4), [
    "worker 1 is started again\n",
    "50%  3/6  – left\n",
    "warning: a.png cannot be read\n",
    "failed: the output must be finite\n",
  ]);
  assertStringIncludes(lines[4]!, "6/6");
  assertStringIncludes(lines[4]!, "unreadable 1  failed 1");
});
