import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_LIMITS, timeIsUp } from "../../../../core/train/compile/compile_limits.ts";
import type {
  Answer,
  FromSupervisor,
  ProgramData,
  ToSupervisor,
} from "../../../../core/train/compile/worker/protocol.ts";
import { workerPermissions } from "../../../../core/train/compile/worker_compiler.ts";
import { BUILD, smallRequest, withPlugin } from "./written_plugin.ts";

const WORKER = new URL("../../../../core/train/compile/worker/", import.meta.url);
const SUPERVISOR = new URL("supervisor.ts", WORKER);
const PROGRAM = new URL("compile_program.ts", WORKER);

/** Seconds that a thread has for a method's code, and for its answers. */
const SECONDS = 1;
const PATIENCE = 20;

const LOOP = "for (;;);";

/** What a method's thread answers when it is asked twice, with no clock but its own; less if it is silent for long. */
async function answersOf(code: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  await withPlugin(code, async (load) => {
    const { manifest, entry, modules } = await load();
    const limits = { ...DEFAULT_LIMITS, seconds: SECONDS };
    const data: ProgramData = { manifest, entry: entry.href, modules, limits };
    const options = { type: "module", deno: { permissions: workerPermissions() } } as const;
    const supervisor = new Worker(SUPERVISOR, options);
    const tell = (message: ToSupervisor) => supervisor.postMessage(message);
    const [answered, stopped] = [1, 2].map(() => Promise.withResolvers<void>()) as [Gate, Gate];
    supervisor.onmessage = ({ data: message }: MessageEvent<FromSupervisor>) => {
      if (message.kind === "stopped") stopped.resolve();
      if (message.kind !== "answer") return;
      if (answers.push(message.answer as Answer) === 2) answered.resolve();
    };
    const timer = setTimeout(answered.resolve, PATIENCE * 1000);
    tell({ kind: "start", program: PROGRAM.href, data });
    for (const id of [0, 1]) {
      tell({ kind: "ask", asked: { id, question: "inspect", request: smallRequest() } });
    }
    await answered.promise;
    clearTimeout(timer);
    tell({ kind: "stop" });
    await stopped.promise;
    supervisor.terminate();
  });
  return answers;
}

type Gate = ReturnType<typeof Promise.withResolvers<void>>;

for (
  const [where, code] of [
    ["when it is imported", LOOP],
    ["in build", `export default { manifest, build() { ${LOOP} } };`],
    [
      "in build, whatever it catches",
      `export default { manifest, build() { for (;;) try { ${LOOP} } catch {} finally { ${LOOP} } } };`,
    ],
  ] as const
) {
  Deno.test(`a thread ends a loop of a method's code ${where} by its own clock, and answers`, async () => {
    const answers = await answersOf(code);
    assertEquals(answers.map(({ id }) => id), [0, 1]);
    for (const answer of answers) {
      assert("fault" in answer);
      assertStringIncludes(answer.fault.message, timeIsUp(SECONDS));
    }
  });
}

Deno.test("a thread answers what it is asked about a method", async () => {
  const answers = await answersOf(`export default { manifest, ${BUILD} };`);
  assertEquals(answers.map((answer) => "value" in answer), [true, true]);
});
