import { assert, assertEquals } from "@std/assert";
import { readModelCatalog } from "../../core/weights/zoo/model_catalog.ts";
import { main as exportMain } from "../../tasks/export.ts";
import { main as modelsMain } from "../../tasks/models.ts";
import { LAYOUTS } from "../../core/weights/layouts/layouts.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { saveRun } from "../core/encoders/saved_run.ts";

const text = await Deno.readTextFile(new URL("../../docs/models.md", import.meta.url));

/** Cells of the rows of a table that begin with code. */
function rowsOf(heading: string): string[][] {
  const [, table = ""] = text.split(heading);
  return table.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
}

Deno.test("docs/models.md has the whole catalogue", async () => {
  const { models } = await readModelCatalog();
  const expected = Object.entries(models).map(([name, model]) => [
    name,
    model.method,
    model.backbone,
    String(model.epochs),
    String(model.batchSize),
    model.linearTop1.toFixed(1),
    model.recipe ?? "not stated",
    model.normalize ?? "not stated",
  ]);
  const found = rowsOf("## The catalogue").map((cells) => cells.slice(0, 8));
  assertEquals(found, expected);
});

Deno.test("docs/models.md has every layout's encoders", () => {
  const [, part = ""] = text.split("## What is in a checkpoint");
  for (const { encoders } of LAYOUTS) {
    for (const prefix of Object.values(encoders)) {
      assert(prefix === "" || part.includes(prefix), prefix);
    }
  }
});

Deno.test("docs/models.md's commands run, but for those in blocks that need weights", () =>
  withFolder(async (path) => {
    await saveRun(path("run"), { momentum: true });
    const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap((
      [, block],
    ) => [...block!.matchAll(/^deno task (models|export) (.*)$/gm)]);
    assertEquals(commands.length, 4);
    const { log } = console;
    console.log = () => {};
    try {
      for (const [, task, rest] of commands) {
        const args = rest!.split(" ").map((word) =>
          word === "runs/photos" ? path("run") : word.endsWith(".safetensors") ? path(word) : word
        );
        await (task === "models" ? modelsMain : exportMain)(args);
      }
    } finally {
      console.log = log;
    }
  }));
