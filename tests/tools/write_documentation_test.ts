import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import configuration from "../../deno.json" with { type: "json" };
import { withFolder } from "../core/backbones/clip_golden.ts";

Deno.test("deno task docs writes pages of every entry point, and a list of them", () =>
  withFolder(async (path) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "docs", path("api")],
      cwd: new URL("../../", import.meta.url),
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const index = await Deno.readTextFile(path("api/index.html"));
    const links = [...index.matchAll(/<li><a href="(\.\/[\w/]+\/index\.html)">[^<]+<\/a>: \S/g)]
      .map((link) => link[1]!);
    const others = Object.keys(configuration.exports).filter((name) => name !== ".");
    assertEquals(links, others.map((name) => `${name}/index.html`));
    for (const link of links) assert(existsSync(path(`api/${link}`)), link);
    const page = await Deno.readTextFile(path("api/evaluate/~/evaluateBackbone.html"));
    assertStringIncludes(page, "chance");
  }));
