import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { CALLS } from "../../../../core/studio/mod.ts";
import { ROOT } from "../../../documents/pages.ts";
import { inFolder } from "../../../in_folder.ts";
import { ask, openStudio } from "./open_studio.ts";

/** A line of a table without the blanks that align it. */
function plain(line: string): string {
  return line.split("|").map((cell) => cell.trim()).join("|");
}

Deno.test("docs/studio.md lists all calls, as the server and the page know them", async () => {
  const page = await Deno.readTextFile(join(ROOT, "docs/studio.md"));
  const rows = page.split("\n").filter((line) => line.includes("/api/")).map(plain);
  for (const { method, path, summary, query, body, answers } of CALLS) {
    const parameters = Object.entries(query).map(([name, what]) => `\`${name}\`: ${what}`).join(
      "; ",
    );
    const taken = body === undefined
      ? parameters
      : [parameters, `body: ${body}`].filter(Boolean).join("; ");
    const row = `|\`${method} ${path}\`|${summary}|${taken}|${answers}|`;
    assert(rows.includes(row), `docs/studio.md must have the line ${row}`);
  }
  assertEquals(rows.filter((row) => /^\|`(GET|POST|DELETE) /.test(row)).length, CALLS.length);
});

Deno.test("the server answers every call of the list", () =>
  inFolder(async (root) => {
    const ended = new AbortController();
    const studio = await openStudio(root, { signal: ended.signal, onError: () => {} });
    for (const { method, path } of CALLS) {
      const answer = await ask(studio, path, {
        method,
        headers: { "content-type": "application/json" },
        ...(method === "POST" && { body: "{}" }),
      });
      if (answer.status === 404) {
        const { error } = await answer.json();
        assert(!error.includes("there is no such call"), `${method} ${path}`);
      } else {
        assertStringIncludes("200 400 409 500", String(answer.status));
        await answer.body?.cancel();
      }
    }
    ended.abort();
  }));
