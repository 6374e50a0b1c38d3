import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { JsonLinesLog, readJsonLines } from "../../../core/files/json_lines.ts";

async function inFile(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(`${folder}/log.jsonl`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writeSteps(
  path: string,
  steps: readonly number[],
  resumeAt?: number,
): Promise<void> {
  using log = await JsonLinesLog.open(path, resumeAt === undefined ? {} : { resumeAt });
  for (const step of steps) log.write({ step, loss: step / 2 });
}

Deno.test("JsonLinesLog writes one object a line", async () => {
  await inFile(async (path) => {
    {
      using log = await JsonLinesLog.open(path);
      log.write({ step: 0, loss: 6.5, name: "größe\n", fast: true });
      log.write({ step: 0, loss: -0.25 });
    }
    assertEquals(
      await Deno.readTextFile(path),
      '{"step":0,"loss":6.5,"name":"größe\\n","fast":true}\n{"step":0,"loss":-0.25}\n',
    );
  });
});

Deno.test("readJsonLines() gives back what was written, numbers that JSON lacks too", async () => {
  await inFile(async (path) => {
    const records = [
      { step: 0, loss: NaN, name: "größe\u2028", text: "toString" },
      { step: 1, loss: Infinity, gradient: -Infinity, ok: false },
    ];
    {
      using log = await JsonLinesLog.open(path);
      records.forEach((record) => log.write(record));
    }
    assertEquals(await readJsonLines(path), records);
  });
});

Deno.test("JsonLinesLog drops the records of the steps that a resumed run repeats", async () => {
  await inFile(async (path) => {
    await writeSteps(path, [0, 1, 2, 2, 3]);
    await writeSteps(path, [2, 3, 4], 2);
    assertEquals((await readJsonLines(path)).map(({ step }) => step), [0, 1, 2, 3, 4]);
    await writeSteps(path, [9], 9);
    assertEquals((await readJsonLines(path)).map(({ step }) => step), [0, 1, 2, 3, 4, 9]);
    await writeSteps(path, [0], 0);
    assertEquals((await readJsonLines(path)).map(({ step }) => step), [0]);
  });
});

Deno.test("JsonLinesLog cuts a torn last line off when it resumes", async () => {
  await inFile(async (path) => {
    for (const torn of ['{"step":2,"lo', '{"step":2,"loss":1}', '{"name":"gr\xc3']) {
      await Deno.writeFile(
        path,
        Uint8Array.from(`{"step":1,"loss":0.5}\n${torn}`, (c) => c.charCodeAt(0)),
      );
      assertEquals((await readJsonLines(path)).map(({ step }) => step), [1]);
      await writeSteps(path, [2], 2);
      assertEquals(await Deno.readTextFile(path), '{"step":1,"loss":0.5}\n{"step":2,"loss":1}\n');
    }
  });
});

Deno.test("JsonLinesLog keeps bytes and characters apart when it cuts", async () => {
  await inFile(async (path) => {
    await Deno.writeTextFile(path, '{"step":1,"name":"größe 😀"}\n{"step":5}\n');
    await writeSteps(path, [5], 5);
    assertEquals(
      await Deno.readTextFile(path),
      '{"step":1,"name":"größe 😀"}\n{"step":5,"loss":2.5}\n',
    );
  });
});

Deno.test("JsonLinesLog leaves an existing log alone unless it is resumed", async () => {
  await inFile(async (path) => {
    await writeSteps(path, [0]);
    await assertRejects(() => JsonLinesLog.open(path), Deno.errors.AlreadyExists, path);
    await assertRejects(() => JsonLinesLog.open(path, { resumeAt: -1 }), RangeError, "found -1");
    assertEquals((await readJsonLines(path)).length, 1);
  });
});

Deno.test("JsonLinesLog.write() rejects a step that falls", async () => {
  await inFile(async (path) => {
    await writeSteps(path, [0, 1]);
    using log = await JsonLinesLog.open(path, { resumeAt: 5 });
    assertThrows(() => log.write({ step: 4 }), RangeError, "an integer from 5, found 4");
    log.write({ step: 6 });
    assertThrows(() => log.write({ step: 5 }), RangeError, "an integer from 6, found 5");
    assertThrows(() => log.write({ step: 6.5 }), RangeError, "found 6.5");
    assertEquals((await readJsonLines(path)).length, 3);
  });
});

Deno.test("JsonLinesLog starts a log where the one to resume is missing", async () => {
  await inFile(async (path) => {
    await writeSteps(path, [3], 3);
    assertEquals(await readJsonLines(path), [{ step: 3, loss: 1.5 }]);
  });
});

Deno.test("readJsonLines() names the line that is broken, and a resume leaves it out", async () => {
  await inFile(async (path) => {
    for (const broken of ["{]", "3", "null", '{"loss":1}', '{"step":"2"}', "\0\0\0", '{"st\xff']) {
      const text = `{"step":1,"loss":0.5}\n${broken}\n{"step":3,"loss":1.5}\n{"step":4}\n`;
      await Deno.writeFile(path, Uint8Array.from(text, (c) => c.charCodeAt(0)));
      await assertRejects(() => readJsonLines(path), SyntaxError, `Cannot read ${path}: line 2`);
      {
        using log = await JsonLinesLog.open(path, { resumeAt: 4 });
        assertEquals(log.damaged, [2]);
      }
      await writeSteps(path, [4], 4);
      assertEquals(await readJsonLines(path), [1, 3, 4].map((step) => ({ step, loss: step / 2 })));
    }
  });
});
