import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { serveStudio, type StudioEvent } from "../../../../core/studio/mod.ts";
import { inFolder } from "../../../in_folder.ts";
import { lines, pretrainingFiles, writeFiles } from "../runs/run_folders.ts";
import { ask, openStudio, STARTS_NOTHING } from "./open_studio.ts";

/** Events of an answer as they come. */
async function* eventsOf(answer: Response): AsyncGenerator<StudioEvent> {
  let rest = "";
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n\n");
    rest = parts.pop()!;
    for (const part of parts) {
      const data = /^data: ?(.*)$/m.exec(part)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}

Deno.test("changes of runs and new values are sent while they happen, nothing else", () =>
  inFolder(async (root) => {
    const ended = new AbortController();
    await writeFiles(join(root, "run"), pretrainingFiles(3));
    const studio = await openStudio(root, { signal: ended.signal });
    const answer = await ask(studio, "/api/events?run=run");
    assertEquals(answer.headers.get("content-type"), "text/event-stream");
    const events = eventsOf(answer);
    const next = async () => (await events.next()).value as StudioEvent;
    const first = await next();
    assert(first.kind === "run" && first.row.step === 3);
    await Deno.writeTextFile(
      join(root, "run/steps.jsonl"),
      lines([{ step: 4, loss: 7, seconds: 0.5 }, { step: 5, loss: 8, seconds: 0.5 }]),
      { append: true },
    );
    const second = await next();
    assert(second.kind === "run" && second.row.step === 5 && second.row.metrics["loss"] === 8);
    const values = await next();
    assert(values.kind === "series" && values.series.exact);
    const loss = values.series.steps.find(({ name }) => name === "loss")!;
    assertEquals([loss.steps, loss.values, loss.seconds], [[4, 5], [7, 8], [2, 2.5]]);
    studio.context.announce({ kind: "queue" });
    assertEquals((await next()).kind, "queue");
    await Deno.remove(join(root, "run"), { recursive: true });
    assertEquals(await next(), { kind: "gone", run: "run" });
    ended.abort();
    assertEquals((await events.next()).done, true);
  }));

Deno.test("stages of a generator are followed each by its own steps", () =>
  inFolder(async (root) => {
    const ended = new AbortController();
    const stage = { steps: 9, batchSize: 2 };
    await writeFiles(join(root, "run"), {
      "configuration.json": { autoencoder: stage, unet: stage },
      "autoencoder/steps.jsonl": lines([{ step: 8, loss: 3, seconds: 1 }]),
    });
    const studio = await openStudio(root, { signal: ended.signal });
    const events = eventsOf(await ask(studio, "/api/events?run=run"));
    const next = async () => (await events.next()).value as StudioEvent;
    assertEquals((await next()).kind, "run");
    await writeFiles(join(root, "run"), {
      "unet/steps.jsonl": lines([{ step: 1, loss: 7, seconds: 1 }]),
    });
    assertEquals((await next()).kind, "run");
    const values = await next();
    assert(values.kind === "series");
    const losses = values.series.steps.filter(({ name }) => name.endsWith("loss"));
    assertEquals(losses.map(({ name, steps }) => [name, steps]), [["unet/loss", [1]]]);
    ended.abort();
    assertEquals((await events.next()).done, true);
  }));

Deno.test("a listener that goes ends the looking, and a server that ends sends no more", () =>
  inFolder(async (root) => {
    const ended = new AbortController();
    const { address, studio, finished } = await serveStudio({
      root,
      ...STARTS_NOTHING,
      signal: ended.signal,
    });
    const { origin } = new URL(address);
    const headers = { authorization: `Bearer ${studio.token}` };
    const gone = new AbortController();
    const first = await fetch(`${origin}/api/events`, { headers, signal: gone.signal });
    assertEquals(first.status, 200);
    gone.abort();
    const second = await fetch(`${origin}/api/events`, { headers });
    ended.abort();
    assertEquals(await Array.fromAsync(eventsOf(second)), []);
    await finished;
  }));
