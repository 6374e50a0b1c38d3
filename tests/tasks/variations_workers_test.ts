import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ifThere } from "../../core/files/if_there.ts";
import { main } from "../../tasks/variations.ts";
import {
  bytesOf,
  linesOf,
  type Path,
  smallOptions,
  taskArguments,
  until,
  withModel,
  writeCopies,
} from "../core/variations/variation_fixture.ts";

function options(path: Path, output: string): string[] {
  const list = ["--input-list", path("list.txt"), "--output-prefix", path(output)];
  return [...list, ...smallOptions(path), "--batch-size", "1"];
}

/** The task as a process, with all that it says. */
class TaskProcess {
  readonly child: Deno.ChildProcess;
  readonly #said: Promise<string>;
  #text = "";

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.child = new Deno.Command(command, {
      args: [...args],
      env: { NO_COLOR: "1", ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#said = Promise.all([this.#read(this.child.stdout), this.#read(this.child.stderr)])
      .then(() => this.#text);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) this.#text += decoder.decode(bytes, { stream: true });
  }

  /** What it has said until now. */
  get text(): string {
    return this.#text;
  }

  async end(): Promise<{ code: number; text: string }> {
    const [{ code }, text] = await Promise.all([this.child.status, this.#said]);
    return { code, text };
  }
}

async function start(path: Path, output: string, ...more: string[]): Promise<TaskProcess> {
  const args = [...await taskArguments(), ...options(path, output), ...more];
  return new TaskProcess(Deno.execPath(), args);
}

/** Whole lines of one manifest. */
async function countLines(path: string): Promise<number> {
  return ((await ifThere(Deno.readTextFile(path))) ?? "").split("\n").length - 1;
}

async function changeTimes(folder: string, names: readonly string[]): Promise<(Date | null)[]> {
  return await Promise.all(names.map(async (name) => (await Deno.stat(`${folder}/${name}`)).mtime));
}

Deno.test("of two workers one is killed midway: nothing is lost, and nothing is done twice", () =>
  withModel(async (path) => {
    const names = await writeCopies(path, 16);
    const task = await start(path, "out", "--workers", "2");
    const manifest = path("out/manifest-1-of-2.jsonl");
    await until(async () => await countLines(manifest) >= 1);
    const pid = Number(/worker 1 \(shard 1\/2, cpu\) is process (\d+)/.exec(task.text)![1]);
    Deno.kill(pid, "SIGKILL");
    const there = (await Deno.readTextFile(manifest)).split("\n").slice(0, -1)
      .map((line) => JSON.parse(line).path);
    const times = await changeTimes(path("out"), there);
    const { code, text } = await task.end();
    assertEquals(code, 0, text);
    assertStringIncludes(text, "worker 1 (shard 1/2, cpu) ended by SIGKILL; it is started again");
    assertStringIncludes(text, "made 16 of 16 variations, 0 were there already");
    assertEquals(await changeTimes(path("out"), there), times);
    const lines = (await linesOf(path("out"))).map((line) => line.path);
    assertEquals(lines, names.toSorted());

    await main(options(path, "alone"));
    assertEquals(await bytesOf(path("out"), names), await bytesOf(path("alone"), names));
  }));

Deno.test("workers stop when their parent is told to, and the same command resumes", () =>
  withModel(async (path) => {
    const names = await writeCopies(path, 16);
    const task = await start(path, "out", "--workers", "2");
    await until(async () => await countLines(path("out/manifest-0-of-2.jsonl")) >= 1);
    // To the parent alone; it ends its workers by their input.
    task.child.kill("SIGINT");
    const { code, text } = await task.end();
    assertEquals(code, 0, text);
    assertStringIncludes(text, "the same command resumes from here");
    const before = (await linesOf(path("out"))).map((line) => line.path);
    assert(before.length < names.length, text);
    const times = await changeTimes(path("out"), before);
    // Not divided as it was before.
    await main(options(path, "out"));
    assertEquals(await changeTimes(path("out"), before), times);
    assertEquals((await linesOf(path("out"))).map((line) => line.path), names.toSorted());
  }));

Deno.test("workers that die again and again are named, with what they said last", () =>
  withModel(async (path) => {
    await writeCopies(path, 2);
    await Deno.remove(path("model/unet/config.json"));
    const task = await start(path, "out", "--workers", "2", "--retries", "1");
    const { code, text } = await task.end();
    assertEquals(code, 1, text);
    assertStringIncludes(text, "2 of 2 workers failed, each in 2 attempts");
    assertStringIncludes(text, "worker 1 (shard 1/2, cpu): exit code 1:");
  }));
