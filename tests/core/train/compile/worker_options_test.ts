import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { inFolder } from "../../../in_folder.ts";

const MODULE = import.meta.resolve("../../../../core/train/compile/worker_options.ts");

/** Whether a worker is let have permissions of its own by this library, and by Deno, in a project of these files. */
async function answers(files: Readonly<Record<string, object>>, flags: readonly string[]) {
  let found: readonly [number, string] | undefined;
  await inFolder(async (folder) => {
    const member = join(folder, "member");
    await Deno.mkdir(member);
    for (const [path, json] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, path), JSON.stringify(json));
    }
    await Deno.writeTextFile(
      join(member, "main.ts"),
      `import { requireWorkerOptions } from ${JSON.stringify(MODULE)};\n` +
        'try { requireWorkerOptions("x"); console.log("let"); } catch { console.log("refused"); }\n' +
        'new Worker("data:text/javascript,", { type: "module", deno: { permissions: "none" } } as never).terminate();',
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        ...flags.map((flag) => flag.replace("FOLDER", folder)),
        "main.ts",
        "--config",
        "of-the-program.json",
        "--unstable-worker-options",
      ],
      cwd: member,
    }).output();
    found = [code, new TextDecoder().decode(stdout).trim()];
  });
  return found;
}

const on = { unstable: ["worker-options"] };
const workspace = { workspace: ["./member"] };

for (
  const [where, files, flags, isOn] of [
    ["in no configuration", {}, [], false],
    ["in the nearest configuration", { "member/deno.json": on }, [], true],
    ["in the folder above alone", { "deno.json": on }, [], true],
    [
      "above a configuration that is nearer",
      { "deno.json": on, "member/deno.json": {} },
      [],
      false,
    ],
    [
      "in the workspace's configuration",
      { "deno.json": { ...on, ...workspace }, "member/deno.json": {} },
      [],
      true,
    ],
    [
      "in a configuration that is named",
      { "other.json": on },
      ["--config=FOLDER/other.json"],
      true,
    ],
    [
      "in a configuration in place of which another is named",
      { "other.json": {}, "member/deno.json": on },
      ["-c", "FOLDER/other.json"],
      false,
    ],
    ["by a flag", {}, ["--unstable-worker-options"], true],
  ] as const
) {
  Deno.test(`workers have permissions of their own as Deno has it, where that is switched on ${where}`, async () => {
    const [code, found] = (await answers(files, flags))!;
    assertEquals([code === 0, found], [isOn, isOn ? "let" : "refused"]);
  });
}
