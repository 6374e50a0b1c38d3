/**
 * `deno task studio`: a local page of all runs below a folder.
 *
 * @module
 */
import { tasks } from "../cli.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { serveStudio } from "../core/studio/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { openBrowser } from "./cli/open_browser.ts";
import { studioTasks } from "./cli/studio_tasks.ts";

const COMMAND = command({
  name: "studio",
  summary:
    "Serves a page of all runs below a folder, on this machine alone: it shows them, says what their numbers mean, and " +
    "starts, stops and resumes them. It needs no network. The address that is printed lets in the browser that opens it; " +
    "runs go on when the studio ends.",
  positional: "[ROOT]",
  examples: [
    { command: "deno task studio", does: "the runs below the present folder" },
    {
      command: "deno task studio /data/runs --port 8080",
      does: "those below another, at a port of your choice",
    },
    {
      command: "deno task studio runs --data /data/photos",
      does: "images that lie elsewhere may be shown and trained on, too",
    },
    {
      command: "deno task studio runs --no-open",
      does: "prints the address, and opens no browser",
    },
  ],
  options: {
    type: "object",
    properties: {
      port: {
        type: "integer",
        minimum: 0,
        maximum: 65535,
        default: 0,
        description: "port on 127.0.0.1 (0: one that is free)",
      },
      data: {
        type: "array",
        items: { type: "string" },
        default: [],
        description:
          "folders beside ROOT whose files may be shown and named in forms, such as those of images and of weights",
      },
      open: {
        type: "boolean",
        default: true,
        description: "open the page in a browser, where there is one",
      },
    },
  },
});

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { values: { port, data, open }, positional: [root = ".", ...rest] } = parsed;
  if (rest.length > 0) {
    throw new GenviewTypeError(
      `Cannot open the studio: one ROOT may be named, found ${rest.length + 1}`,
    );
  }
  using interrupt = interruptSignal(() => console.error("the studio ends; runs go on"));
  const { address, finished } = await serveStudio({
    root,
    port,
    dataFolders: data,
    ...studioTasks(tasks),
    signal: interrupt.signal,
    onError: (error) => console.error(error),
  });
  console.log(`${address}\n\nCtrl-C ends the studio; runs go on.`);
  if (open) openBrowser(address);
  await finished;
}

if (import.meta.main) await runTask(main);
