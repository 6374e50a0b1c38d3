import { assert, assertEquals } from "@std/assert";
import { readModelCatalog } from "../../core/weights/zoo/model_catalog.ts";
import { LAYOUTS } from "../../core/weights/layouts/layouts.ts";

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
