import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { Job } from "../../../../core/studio/api/actions.ts";
import type { StudioOptions } from "../../../../core/studio/mod.ts";
import { lockHolder } from "../../../../core/files/folder_lock.ts";
import { inFolder } from "../../../in_folder.ts";
import { openClient, type StudioClient, until } from "./studio_client.ts";

const MODULE = import.meta.resolve("../../../../core/files/folder_lock.ts");

/** Programs that stand for tasks: short ones, so that their processes and not their work are tested. */
const PROGRAMS = {
  /** Prints, and waits until it is told to stop. */
  waits: `const timer = setInterval(() => {}, 1000);
    Deno.addSignalListener("SIGINT", () => { console.log("stopped after 3 steps"); clearInterval(timer); Deno.exit(0); });
    console.log("begun");`,
  /** Ends well. */
  ends: `console.log("<b>done</b>"); console.error("to standard error");`,
  /** Ends badly. */
  fails: `console.error("error: Cannot go on"); Deno.exit(1);`,
  /** Is ended by a signal that nobody asked for. */
  dies: `Deno.kill(Deno.pid, "SIGKILL");`,
};

/** A studio in which the seed of a training says which program stands for it. */
async function withPrograms(
  test: (
    client: StudioClient,
    root: string,
    open: (options?: Partial<StudioOptions>) => Promise<StudioClient>,
  ) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    const open = (options: Partial<StudioOptions> = {}) =>
      openClient(root, {
        programs: ({ options }) => ({
          program: Deno.execPath(),
          args: [
            ...["run", "--no-prompt", "--no-check", "--quiet", "--allow-run"],
            `data:text/javascript,${
              encodeURIComponent(Object.values(PROGRAMS)[options["seed"] as number]!)
            }`,
          ],
          shown: "deno task train",
        }),
        ...options,
      });
    const client = await open();
    try {
      await test(client, root, open);
    } finally {
      await client.close();
    }
  });
}

function request(program: keyof typeof PROGRAMS, output: string, device = "cpu") {
  const seed = Object.keys(PROGRAMS).indexOf(program);
  return { task: "train", options: { data: "emoji-google", output, device, seed } };
}

Deno.test("jobs end as their programs do, and what they print is kept", () =>
  withPrograms(async ({ call, jobIn }) => {
    const add = async (program: keyof typeof PROGRAMS) =>
      (await call<Job>("POST", "/api/queue", request(program, `runs/${program}`))).id;
    const [ends, fails, dies, waits] = [
      ...[await add("ends"), await add("fails"), await add("dies"), await add("waits")],
    ];
    const output = async (id: number, state: Job["state"]) => (await jobIn(id, state)).output;
    assertEquals((await output(ends!, "finished")).toSorted(), [
      "<b>done</b>",
      "to standard error",
    ]);
    assertEquals(await output(fails!, "failed"), ["error: Cannot go on"]);
    assertEquals(await output(dies!, "failed"), []);
    await until(
      async () => (await output(waits!, "running")).includes("begun") || undefined,
      30,
      "it",
    );
    // Asked twice, it is told once.
    const stop = () => call("DELETE", `/api/queue?job=${waits}`);
    await Promise.all([stop(), stop()]);
    const stopped = await jobIn(waits!, "stopped");
    assertEquals(stopped.output, ["begun", "stopped after 3 steps"]);
    assert(stopped.ended! >= stopped.started! && stopped.started! >= stopped.asked);
  }));

Deno.test("a program that is not there fails with the reason", () =>
  withPrograms(async (client, _root, open) => {
    await client.close();
    const missing = await open({
      programs: () => ({ program: "/nowhere/deno", args: [], shown: "deno task train" }),
    });
    const { id } = await missing.call<Job>("POST", "/api/queue", request("ends", "a"));
    assertStringIncludes((await missing.jobIn(id, "failed")).output.join(), "/nowhere/deno");
    await missing.close();
  }));

Deno.test("one job runs on a device at a time, and a waiting one can be taken out", () =>
  withPrograms(async ({ call, jobIn, refused }) => {
    const add = (output: string, device: string) =>
      call<Job>("POST", "/api/queue", request("waits", output, device));
    const jobs = [await add("a", "cpu"), await add("b", "cpu"), await add("c", "cuda:1")];
    jobs.push(await add("d", "cuda"), await add("e", "auto"), await add("a", "webgpu"));
    const states = async () => (await call<Job[]>("GET", "/api/queue")).map(({ state }) => state);
    assertEquals(await states(), [
      // The fifth waits for all devices, the sixth for the run that the first writes into.
      ...["running", "waiting", "running", "running", "waiting", "waiting"],
    ]);
    assertEquals((await call<Job>("DELETE", `/api/queue?job=${jobs[4]!.id}`)).state, "stopped");
    assertEquals((await refused("DELETE", `/api/queue?job=${jobs[4]!.id}`))[0], 409);
    assertEquals((await refused("DELETE", "/api/queue?job=99"))[0], 404);
    assertEquals((await refused("DELETE", "/api/queue?job=x"))[0], 400);
    await call("DELETE", `/api/queue?job=${jobs[0]!.id}`);
    await jobIn(jobs[0]!.id, "stopped");
    await jobIn(jobs[1]!.id, "running");
    await jobIn(jobs[5]!.id, "running");
    for (const { id } of [jobs[1]!, jobs[2]!, jobs[3]!, jobs[5]!]) {
      await call("DELETE", `/api/queue?job=${id}`);
      await jobIn(id, "stopped");
    }
  }));

Deno.test("two servers never share a queue, and the second takes it when the first has ended", () =>
  withPrograms(async (first, root, open) => {
    const { id } = await first.call<Job>("POST", "/api/queue", request("waits", "a"));
    const second = await open();
    const [status, error] = await second.refused("GET", "/api/queue");
    assertEquals(status, 409);
    assertStringIncludes(error, "is at work there");
    await first.close();
    // The process lives on, and its end is not missed.
    const jobs = join(root, ".genview-studio/jobs");
    await until(() => lockHolder(jobs, { name: `job-${id}` }), 30, "the job's process");
    assertEquals((await second.jobIn(id, "running")).id, id);
    await second.call("DELETE", `/api/queue?job=${id}`);
    await second.jobIn(id, "stopped");
    await second.close();
  }));

Deno.test("a queue that others have written starts nothing that could not be asked for", () =>
  withPrograms(async (client, root, open) => {
    await client.close();
    const folder = join(root, ".genview-studio");
    await Deno.mkdir(folder, { recursive: true });
    const job = {
      ...{ id: 1, task: "train", options: { data: "emoji-google", output: "/etc/x", seed: 1 } },
      ...{ state: "waiting", command: "x", device: "cpu", asked: 0 },
    };
    const ghost = { ...job, id: 2, state: "running", started: 0 };
    await Deno.writeTextFile(
      join(folder, "queue.json"),
      JSON.stringify({ version: 1, next: 3, jobs: [job, ghost] }),
    );
    const next = await open();
    const [first, second] = await next.call<Job[]>("GET", "/api/queue");
    assertEquals([first!.state, second!.state], ["failed", "failed"]);
    assertStringIncludes(first!.reason!, "below the studio's root");
    // A log that leads elsewhere is not written through.
    await Deno.writeTextFile(join(root, "mine.txt"), "mine");
    await Deno.symlink(join(root, "mine.txt"), join(folder, "jobs/3.log"));
    const { id } = await next.call<Job>("POST", "/api/queue", request("ends", "a"));
    assertEquals(id, 3);
    await next.jobIn(3, "finished");
    assertEquals(await Deno.readTextFile(join(root, "mine.txt")), "mine");
    await next.close();
    await Deno.writeTextFile(join(folder, "queue.json"), "{");
    const damaged = await open();
    const [status, error] = await damaged.refused("GET", "/api/queue");
    assertEquals(status, 400);
    assertStringIncludes(error, "queue.json");
    await damaged.close();
  }));

Deno.test("a queue's folder that is a link out of the root is not used, and looking makes none", () =>
  withPrograms(async ({ call, refused }, root) => {
    assertEquals(await call("GET", "/api/queue"), []);
    assertEquals([...Deno.readDirSync(root)], []);
    await inFolder(async (other) => {
      await Deno.symlink(other, join(root, ".genview-studio"));
      const [status, error] = await refused("POST", "/api/queue", request("ends", "a"));
      assertEquals(status, 400);
      assertStringIncludes(error, "a symbolic link leads out of");
      assertEquals([...Deno.readDirSync(other)], []);
    });
    await Deno.remove(join(root, ".genview-studio"));
  }));

/** A program that holds a run's folder, as a training does, until SIGINT. */
function foreignTraining(folder: string): Deno.ChildProcess {
  const program = `import { FolderLock } from ${JSON.stringify(MODULE)};
    const lock = await FolderLock.acquire(${JSON.stringify(folder)});
    let signals = 0;
    Deno.addSignalListener("SIGINT", () => {
      if (++signals > 1) Deno.exit(9);
      setTimeout(() => { lock[Symbol.dispose](); Deno.exit(0); }, 500);
    });
    console.log("locked");
    setInterval(() => {}, 1000);`;
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--allow-read", "--allow-write", "--allow-sys=hostname"],
      `data:text/javascript,${encodeURIComponent(program)}`,
    ],
    stdout: "piped",
  }).spawn();
}

Deno.test("a run that others have started is stopped once, and neither resumed nor discarded meanwhile", () =>
  withPrograms(async ({ call, refused }, root) => {
    const folder = join(root, "run");
    await Deno.mkdir(folder);
    const description = { method: "simsiam", configuration: { epochs: 2, device: "cpu" } };
    await Deno.writeTextFile(join(folder, "configuration.json"), JSON.stringify(description));
    assertEquals((await refused("POST", "/api/run?run=run", { action: "stop" }))[0], 409);
    const child = foreignTraining(folder);
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    for (const action of [{ action: "resume" }, { action: "trash", confirm: "run" }]) {
      assertEquals((await refused("POST", "/api/run?run=run", action))[0], 409);
    }
    await call("POST", "/api/run?run=run", { action: "stop" });
    await call("POST", "/api/run?run=run", { action: "stop" });
    assertEquals((await child.status).code, 0);
    const actions = [
      ...[{ action: "fork", checkpoint: "../../x", output: "a" }, {
        action: "lengthen",
        epochs: 0,
      }],
      ...[{ action: "burn" }, {}, null, { action: "trash" }, { action: "tag", tags: "a" }],
    ];
    for (const action of actions) {
      assertEquals(
        (await refused("POST", "/api/run?run=run", action))[0],
        400,
        JSON.stringify(action),
      );
    }
    const fork = { action: "fork", checkpoint: "step-000000001", output: "a" };
    assertEquals((await refused("POST", "/api/run?run=run", fork))[0], 404);
    assertEquals((await refused("POST", "/api/run?run=../x", { action: "stop" }))[0], 404);
    await call("POST", "/api/run?run=run", { action: "trash", confirm: "run" });
    const [moved] = [...Deno.readDirSync(join(root, ".genview-trash"))];
    assertEquals(
      [...Deno.readDirSync(join(root, ".genview-trash", moved!.name))].map(({ name }) => name),
      ["configuration.json"],
    );
  }));
