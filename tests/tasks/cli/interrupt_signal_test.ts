import { assert, assertEquals } from "@std/assert";
import { interruptSignal } from "../../../tasks/cli/interrupt_signal.ts";

const MODULE = new URL("../../../tasks/cli/interrupt_signal.ts", import.meta.url).href;

/** Starts a program that waits, sends it signals, and gives its exit code and what it wrote. */
async function interrupted(
  signal: Deno.Signal,
  { times, pause, busyAfter = Infinity }: {
    readonly times: number;
    readonly pause: number;
    /** For so many milliseconds after the first one the program waits; then it computes and hears nothing. */
    readonly busyAfter?: number;
  },
) {
  const program = `
    import { interruptSignal } from ${JSON.stringify(MODULE)};
    using interrupt = interruptSignal();
    console.log("ready");
    await new Promise((done) => {
      const ended = setTimeout(done, 60_000);
      interrupt.signal.addEventListener("abort", () => {
        if (${busyAfter} < Infinity) setTimeout(() => { for (;;); }, ${busyAfter});
        if (${times} > 1) return;
        clearTimeout(ended);
        done();
      });
    });
  `;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, program);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-config", path],
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    for (let i = 0; i < times; i++) {
      if (i > 0) await new Promise((done) => setTimeout(done, pause));
      child.kill(signal);
    }
    const { code, stderr } = await child.output();
    return { code, err: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(path);
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "interruptSignal() aborts on Ctrl-C and on SIGTERM, and says so at once",
  ignore,
  async fn() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const { code, err } = await interrupted(signal, { times: 1, pause: 0 });
      assertEquals([code, err], [0, "stopping; press Ctrl-C again to end at once\n"]);
    }
  },
});

Deno.test({
  name: "interruptSignal() ends the process by a second signal, with the shell's code",
  ignore,
  async fn() {
    const { code } = await interrupted("SIGTERM", { times: 2, pause: 1100 });
    assertEquals(code, 143);
  },
});

Deno.test({
  name: "interruptSignal() ends by a second signal also a process whose thread is busy",
  ignore,
  async fn() {
    const { code } = await interrupted("SIGINT", { times: 2, pause: 1500, busyAfter: 1200 });
    assertEquals(code, 130);
  },
});

Deno.test("interruptSignal() listens no longer once it is disposed", () => {
  const interrupt = interruptSignal(() => {});
  interrupt[Symbol.dispose]();
  assert(!interrupt.signal.aborted);
});
