import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { main } from "../../bench/pairs.ts";
import { readPipelineGolden, writePipeline } from "../core/unclip/pipeline_golden.ts";
import { inFolder } from "../in_folder.ts";

/** Runs the benchmark in this process; what it prints. */
async function pairs(...args: string[]): Promise<string> {
  const { log, error } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  console.error = () => {};
  try {
    await main(args);
  } finally {
    Object.assign(console, { log, error });
  }
  return lines.join("\n");
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await filesBelow(join(folder, name)));
    else files.push(join(folder, name));
  }
  return files;
}

Deno.test("bench pairs trains ordinary and generated pairs on the same images, once", () =>
  inFolder(async (folder) => {
    const model = join(folder, "model");
    await writePipeline(model, await readPipelineGolden());
    const output = join(folder, "pairs");
    const args = [
      ...[
        "--cells",
        "ordinary,generated+weights",
        "--seeds",
        "0",
        "--epochs",
        "1",
        "--images",
        "8",
      ],
      ...["--emoji-size", "32", "--image-size", "32", "--model", model, "--steps", "2"],
      ...["--guidance", "1", "--device", "cpu", "--threads", "1", "--output", output],
    ];
    const table = await pairs(...args);
    assertMatch(table, /\| ordinary \| 1 \|( [\d.]+ \|){3}( +\|){4}/);
    assertMatch(
      table,
      /\| generated\+weights \| 1 \|( [\d.]+ \|){3} ordinary \|( [+-][\d.]+ \|){3}/,
    );
    assertMatch(table, /\| random initialisation \| 1 \|[^]*\| raw pixels \| 1 \|/);
    // Each of the images has one variation, in a folder of its level.
    const variations = (await filesBelow(join(output, "generated/variations")))
      .filter((path) => path.endsWith(".png"));
    const images = await filesBelow(join(output, "images"));
    assertEquals([variations.length, images.length], [8, 8]);
    const log = await Deno.readTextFile(
      join(output, "cells/generated+weights/seed-0/run/steps.jsonl"),
    );
    assertEquals(log.trim().split("\n").length, 2);

    const before = await filesBelow(output);
    const times = await Promise.all(
      before.filter((path) => path.endsWith("result.json")).map(async (path) =>
        [path, (await Deno.stat(path)).mtime!.getTime()] as const
      ),
    );
    assertEquals(await pairs(...args), table);
    assertEquals((await filesBelow(output)).sort(), before.sort());
    for (const [path, time] of times) assertEquals((await Deno.stat(path)).mtime!.getTime(), time);
    const other = [...args, "--epochs", "2"].filter((_, i) => i !== 4 && i !== 5);
    await assertRejects(() => pairs(...other), TypeError, "found epochs 1 there and 2 asked for");
    assert(table.includes("1 epoch"));
  }));
