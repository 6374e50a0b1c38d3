import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { ROOT } from "./pages.ts";

Deno.test("docs/dependencies.md has every package of core/deps at its version", async () => {
  const page = await Deno.readTextFile(join(ROOT, "docs/dependencies.md"));
  const documented = new Map(
    page.split("\n").filter((line) => line.startsWith("| `")).flatMap((line) => {
      const [, names, versions] = line.split("|");
      const each = versions!.split(",").map((version) => version.trim());
      return names!.split(",").map((name, i) =>
        [name.trim().replaceAll("`", ""), each[i]!] as const
      );
    }),
  );
  const used = new Map<string, string>();
  for await (const { name } of Deno.readDir(join(ROOT, "core/deps"))) {
    const text = await Deno.readTextFile(join(ROOT, "core/deps", name));
    for (const found of text.matchAll(/npm:(@?[\w-]+(?:\/[\w-]+)?)@([\d.]+(?:-\d+)?)/g)) {
      used.set(found[1]!, found[2]!);
    }
  }
  assert(used.size > 8, "core/deps imports npm packages");
  for (const [name, version] of used) assertEquals(documented.get(name), version, name);
  const others = [...documented.keys()].filter((name) => !used.has(name));
  assert(others.every((name) => name.startsWith("emoji-datasource-")), others.join(", "));
});
