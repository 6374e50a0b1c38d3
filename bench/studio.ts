/**
 * `deno task bench studio`: how long the studio takes to open a run of a million steps and to list 500 runs, and what it
 * answers to requests that are nearly right.
 *
 * Times are those of whole calls, from the request to the last byte of its answer, in a process in which none was asked
 * before; the files were just written, so that the system has them in memory. Beside each time stand the seconds that
 * processors worked for it, which other programs on the machine do not lengthen.
 *
 * @module
 */
import process from "node:process";
import { join } from "node:path";
import { RandomStream } from "../core/engine/random/random_stream.ts";
import { createStudio, type Studio } from "../core/studio/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { lines, pretrainingFiles, writeFiles } from "../tests/core/studio/runs/run_folders.ts";
import { ask, PORT, STARTS_NOTHING } from "../tests/core/studio/server/open_studio.ts";
import { tryRequests } from "../tests/core/studio/server/try_requests.ts";
import { median } from "./alternate.ts";
import { printProcessor } from "./processor.ts";

const COMMAND: Command = {
  name: "bench studio",
  summary:
    "Times the studio's calls on many steps and many runs, or tries requests that are nearly right.",
  examples: [
    { command: "deno task bench studio", does: "a run of a million steps, and 500 runs" },
    {
      command: "deno task bench studio --requests 100000",
      does:
        "asks so many requests that are nearly right, and fails if anything outside is read or written",
    },
  ],
  options: {
    type: "object",
    properties: {
      steps: {
        type: "integer",
        minimum: 0,
        default: 1_000_000,
        description: "steps of the one run",
      },
      runs: { type: "integer", minimum: 0, default: 500, description: "runs of the table" },
      requests: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "requests that are nearly right, instead of times",
      },
    },
  },
};

/** Calls of the table that are timed after the first. */
const REPEATS = 20;

/** Steps that are written at once. */
const TOGETHER = 10_000;

/** Milliseconds by the clock and of processors. */
interface Time {
  readonly wall: number;
  readonly processors: number;
}

async function timed(run: () => Promise<unknown>): Promise<Time> {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await run();
  const wall = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, processors: (user + system) / 1000 };
}

function print(what: string, { wall, processors }: Time, bar?: number): void {
  const limit = bar === undefined ? "" : `, bar ${bar} ms: ${wall < bar ? "kept" : "MISSED"}`;
  console.log(
    `${what.padEnd(48)}${wall.toFixed(0).padStart(6)} ms (${
      processors.toFixed(0)
    } ms of processors)${limit}`,
  );
}

async function get(studio: Studio, path: string): Promise<void> {
  const answer = await ask(studio, path);
  const { length } = await answer.text();
  if (answer.status !== 200 || length === 0) throw new Error(`${path} answers ${answer.status}`);
}

async function opened(root: string): Promise<Studio> {
  return await createStudio({ root, port: PORT, ...STARTS_NOTHING });
}

/** Writes a log of so many steps, each with the numbers that training logs. */
async function writeSteps(path: string, steps: number): Promise<void> {
  const random = new RandomStream(0, "steps");
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  for (let first = 0; first < steps; first += TOGETHER) {
    const records = Array.from({ length: Math.min(TOGETHER, steps - first) }, (_, i) => {
      const step = first + i + 1;
      return {
        step,
        epoch: Math.floor(step / 5000),
        loss: Math.fround(random.uniform()),
        spread: Math.fround(random.uniform() / 10),
        gradientNorm: Math.fround(random.uniform() * 5),
        learningRate: 0.03 * (1 + Math.cos(Math.PI * step / steps)),
        seconds: 0.5 + random.uniform() / 10,
      };
    });
    await writer.write(new TextEncoder().encode(lines(records)));
  }
  await writer.close();
}

async function timeSteps(folder: string, steps: number): Promise<void> {
  const run = join(folder, "steps/run");
  await writeFiles(run, pretrainingFiles(0));
  await writeSteps(join(run, "steps.jsonl"), steps);
  const { size } = await Deno.stat(join(run, "steps.jsonl"));
  console.log(`\none run of ${steps} steps, a log of ${(size / 1e6).toFixed(0)} MB`);
  const studio = await opened(join(folder, "steps"));
  print(
    "opened: its curves, 1000 points each",
    await timed(() => get(studio, "/api/series?run=run")),
    1000,
  );
  print("its details", await timed(() => get(studio, "/api/run?run=run")));
  print("its curves again", await timed(() => get(studio, "/api/series?run=run")));
  const middle = Math.floor(steps / 2);
  const zoom = `/api/series?run=run&from=${middle}&to=${middle + 900}`;
  print("a zoom on 900 steps, exact", await timed(() => get(studio, zoom)));
}

async function timeRuns(folder: string, runs: number): Promise<void> {
  for (let i = 0; i < runs; i++) {
    const name = `group-${i % 10}/run-${String(i).padStart(4, "0")}`;
    await writeFiles(join(folder, "runs", name), {
      ...pretrainingFiles(10, { seed: i, learningRate: i / 1000 }),
      "checkpoints/step-000000005/state.json": "{}",
    });
  }
  console.log(`\n${runs} runs`);
  const studio = await opened(join(folder, "runs"));
  print("listed the first time", await timed(() => get(studio, "/api/runs")), 300);
  const again: Time[] = [];
  for (let i = 0; i < REPEATS; i++) again.push(await timed(() => get(studio, "/api/runs")));
  print(`listed again, median of ${REPEATS}`, {
    wall: median(again.map(({ wall }) => wall)),
    processors: median(again.map(({ processors }) => processors)),
  }, 300);
}

async function main(args: readonly string[]): Promise<void> {
  const values = parse(COMMAND, args)?.values as
    | { readonly steps: number; readonly runs: number; readonly requests: number }
    | undefined;
  if (values === undefined) return;
  const { steps, runs, requests } = values;
  const folder = await Deno.makeTempDir();
  try {
    if (requests > 0) {
      let found: Awaited<ReturnType<typeof tryRequests>> | undefined;
      const time = await timed(async () => found = await tryRequests(folder, requests));
      const { answered, statuses, faults } = found!;
      const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) =>
        `${count} of ${status}`
      );
      print(`${answered} requests (${counts.join(", ")})`, time);
      for (const fault of faults.slice(0, 20)) console.error(fault);
      console.log(`${faults.length} faults`);
      if (faults.length > 0) Deno.exitCode = 1;
      return;
    }
    printProcessor();
    if (steps > 0) await timeSteps(folder, steps);
    if (runs > 0) await timeRuns(folder, runs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await runTask(main);
