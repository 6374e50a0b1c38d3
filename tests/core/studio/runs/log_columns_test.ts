import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { LogColumns, MISSING } from "../../../../core/studio/runs/log_columns.ts";
import { inFolder } from "../../../in_folder.ts";
import { lines } from "./run_folders.ts";

Deno.test("a log is read as columns, whatever form its lines have", () =>
  inFolder(async (folder) => {
    const path = join(folder, "steps.jsonl");
    await Deno.writeTextFile(
      path,
      '{"step":1,"loss":0.5,"seconds":1}\n' +
        '{"step":2,"loss":"NaN","name":"text","seconds":2}\n' +
        '{ "seconds" : 3, "loss" : -1.5e-3, "step" : 3 }\n' +
        '{"step":4,"seconds":4,"new \\"one\\"":"Infinity"}\n',
    );
    const columns = new LogColumns(path);
    assertEquals(await columns.refresh(), "anew");
    assertEquals(columns.names, ["loss", "seconds", 'new "one"']);
    assertEquals([...columns.steps], [1, 2, 3, 4]);
    assertEquals([...columns.column("loss")!], [0.5, NaN, -0.0015, MISSING]);
    assertEquals([...columns.column("seconds")!], [1, 2, 3, 4]);
    assertEquals([...columns.column('new "one"')!], [MISSING, MISSING, MISSING, NaN]);
    assertEquals(columns.damaged, 0);
    assertEquals(await columns.refresh(), "none");
  }));

Deno.test("only what was appended is read, and a line once it is whole", () =>
  inFolder(async (folder) => {
    const path = join(folder, "steps.jsonl");
    const all = lines(Array.from({ length: 5000 }, (_, i) => ({ step: i, loss: i / 7 })));
    const columns = new LogColumns(path);
    let written = 0;
    for (const end of [17, 18, 4000, 4001, all.length - 3, all.length]) {
      await Deno.writeTextFile(path, all.slice(written, end), { append: true });
      written = end;
      await columns.refresh();
      assertEquals(columns.length, all.slice(0, end).split("\n").length - 1);
    }
    assertEquals(columns.column("loss")!.at(-1), 4999 / 7);
    assertEquals(columns.damaged, 0);
  }));

Deno.test("a log that was cut and goes on, or was replaced, is read anew", () =>
  inFolder(async (folder) => {
    const path = join(folder, "steps.jsonl");
    const at = (step: number, loss: number) => ({ step, loss });
    await Deno.writeTextFile(path, lines([at(1, 1), at(2, 2), at(3, 3)]));
    const columns = new LogColumns(path);
    await columns.refresh();
    // As a resume does: longer than before by the time that it is looked at.
    await Deno.writeTextFile(path, lines([at(1, 1), at(2, 20), at(3, 30), at(4, 40)]));
    assertEquals(await columns.refresh(), "anew");
    assertEquals([...columns.column("loss")!], [1, 20, 30, 40]);
    await Deno.writeTextFile(path, lines([at(1, 5)]));
    assertEquals(await columns.refresh(), "anew");
    assertEquals([...columns.column("loss")!], [5]);
    await Deno.remove(path);
    assertEquals(await columns.refresh(), "anew");
    assertEquals(columns.length, 0);
  }));

Deno.test("damaged lines are counted and passed over", () =>
  inFolder(async (folder) => {
    const path = join(folder, "steps.jsonl");
    const deep = "[".repeat(5000);
    await Deno.writeTextFile(
      path,
      [
        '{"step":1,"loss":1}',
        "{",
        "[]",
        "null",
        '{"loss":1}',
        '{"step":-1,"loss":1}',
        '{"step":"2","loss":1}',
        `{"step":2,"loss":${deep}`,
        "x".repeat(1 << 21),
        '{"step":3,"loss":3}',
        '{"step":2,"loss":2}',
        '{"step":4,"__proto__":4,"loss":{"a":1}}',
        "",
      ].join("\n"),
    );
    const columns = new LogColumns(path);
    await columns.refresh();
    assertEquals([...columns.steps], [1, 2, 3, 4]);
    assertEquals([...columns.column("loss")!], [1, 1, 3, MISSING]);
    assertEquals(columns.damaged, 8);
  }));

Deno.test("links, folders and pipes are no logs", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "secret"), '{"step":1,"loss":42}\n');
    await Deno.symlink(join(folder, "secret"), join(folder, "link"));
    await Deno.mkdir(join(folder, "folder"));
    await new Deno.Command("mkfifo", { args: [join(folder, "pipe")] }).output();
    for (const name of ["link", "folder", "pipe"]) {
      await assertRejects(
        () => new LogColumns(join(folder, name)).refresh(),
        TypeError,
        "must be a plain file",
      );
    }
  }));
