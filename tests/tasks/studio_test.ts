import { assert, assertEquals, assertMatch } from "@std/assert";
import { permissionsOf } from "../../tasks/cli/permissions.ts";
import { pretrainingFiles, writeFiles } from "../core/studio/runs/run_folders.ts";
import { inFolder } from "../in_folder.ts";

const TASK = new URL("../../tasks/studio.ts", import.meta.url).pathname;

/** Reads a program's output until an address is in it. */
async function addressOf(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  const reader = output.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const found = /^http:\S+/m.exec(text)?.[0];
    if (found !== undefined) {
      reader.releaseLock();
      return found;
    }
    assert(!done, `no address in ${text}`);
  }
}

Deno.test("the task serves the page with its own permissions, and ends by Ctrl-C", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (root) => {
    await writeFiles(`${root}/photos`, pretrainingFiles(10));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--no-prompt",
        ...permissionsOf("studio"),
        TASK,
        root,
        "--no-open",
      ],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const address = await addressOf(child.stdout);
    assertMatch(address, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
    const first = await fetch(address, { redirect: "manual" });
    await first.body?.cancel();
    assertEquals([first.status, first.headers.get("location")], [303, "/"]);
    const headers = { cookie: first.headers.get("set-cookie")!.split(";")[0]! };
    const { origin } = new URL(address);
    for (
      const path of ["/", "/page/main.ts", "/deps/preact.ts", "/api/runs", "/api/form?task=train"]
    ) {
      const answer = await fetch(`${origin}${path}`, { headers });
      const text = await answer.text();
      assertEquals(answer.status, 200, `${path}: ${text.slice(0, 300)}`);
      if (path === "/api/runs") assertEquals(JSON.parse(text).runs[0].run, "photos");
    }
    child.kill("SIGINT");
    const { code } = await child.status;
    const errors = await new Response(child.stderr).text();
    assertEquals(code, 0, errors);
    assertEquals(errors, "the studio ends; runs go on\n");
  }));
