import { assert, assertEquals } from "@std/assert";
import * as ops from "../../../../core/engine/ops/mod.ts";

const FOLDER = new URL("../../../../core/engine/ops/", import.meta.url);

async function publicFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isFile } of Deno.readDir(FOLDER)) {
    if (isFile && name !== "mod.ts" && !name.startsWith("_")) files.push(name);
  }
  return files.sort();
}

function functionName(file: string): string {
  return file.slice(0, -".ts".length).replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

/** Imports a file in a process of its own, where nothing else has been imported before it. */
async function importAlone(file: string): Promise<string> {
  const url = JSON.stringify(new URL(file, FOLDER).href);
  const source = `const module = await import(${url});
    await Deno.stdout.write(new TextEncoder().encode(typeof module.${functionName(file)}));`;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", source],
    stderr: "piped",
    stdout: "piped",
  });
  const { stdout, stderr } = await command.output();
  return new TextDecoder().decode(stdout.length > 0 ? stdout : stderr);
}

Deno.test("every operator's file loads alone and exports the function of its name", async () => {
  const files = await publicFiles();
  assert(files.length > 60);
  const waiting = files.values();
  const checkWaiting = async (): Promise<void> => {
    for (const file of waiting) {
      assertEquals(`${file}: ${await importAlone(file)}`, `${file}: function`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, checkWaiting));
});

Deno.test("mod.ts lists every operator", async () => {
  const own = new Set(["fused_mat_mul.ts"]);
  const expected = (await publicFiles()).filter((file) => !own.has(file)).map(functionName);
  assertEquals(Object.keys(ops).sort(), expected.sort());
});
