import { assert, assertEquals, assertRejects } from "@std/assert";
import { openEvaluationSets } from "../../../../core/train/run/evaluation_data.ts";
import { withFolder } from "../../backbones/clip_golden.ts";

Deno.test("openEvaluationSets() opens the classes of a list", () =>
  withFolder(async (path) => {
    for (const name of ["ant", "bee", "cat"]) {
      await Deno.mkdir(path(`images/${name}`), { recursive: true });
      for (let i = 0; i < 5; i++) await Deno.writeTextFile(path(`images/${name}/${i}.png`), "");
    }
    await Deno.writeTextFile(path("two.txt"), "cat\nant\n");
    const data = path("images");
    const configuration = { data, evaluationData: "" };
    const classes = path("two.txt");
    const { bank, queries } = await openEvaluationSets(configuration, { classes });
    for (const set of [bank, queries]) {
      assertEquals([set.classes, set.name], [["cat", "ant"], data]);
    }
    assertEquals([bank.length, queries.length], [8, 2]);
    const same = await openEvaluationSets(configuration, { classes, test: data });
    assert(same.bank === same.queries);
    assertEquals([same.bank.length, same.overlap.bankIndices.size], [10, 10]);
    const all = await openEvaluationSets(configuration, { classes: "" });
    assertEquals([all.bank.name, all.bank.classes], [data, ["ant", "bee", "cat"]]);
    await Deno.writeTextFile(classes, "cat\ncat\n");
    await assertRejects(
      () => openEvaluationSets(configuration, { classes }),
      SyntaxError,
      'found "cat" in lines 1 and 2',
    );
  }));
