/**
 * The studio as people use it: a process of its own, its page in a browser, and what one does there.
 *
 * @module
 */
import { assert } from "@std/assert";
import configuration from "../../../../deno.json" with { type: "json" };
import type { TestPage } from "./browser.ts";

const ROOT = new URL("../../../../", import.meta.url).pathname;

/** A studio in a process of its own, as `deno task studio` starts it. */
export class StudioProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  /** @param root folder of the runs */
  constructor(root: string) {
    const [, ...words] = configuration.tasks["studio"].command.split(" ");
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...words, root, "--no-open"],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  }

  /** The address that it prints. */
  async address(): Promise<string> {
    const reader = this.#child.stdout.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      assert(!done, "the studio ended before it printed its address");
      text += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
    return text.split("\n")[0]!;
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: Deno.Signal): Promise<void> {
    this.#child.kill(signal);
    await this.#child.stdout.cancel();
    await this.#child.status;
  }
}

/** Milliseconds in which a method is compiled on a machine that is busy with other tests. */
export const COMPILING = 240_000;

/** Steps that the page shows. */
export const STEPS =
  "Number(/([\\d,]+) (of|steps)/.exec(document.querySelector('.standing')?.textContent ?? '')?.[1].replaceAll(',', ''))";

/** Whether the run that is shown stands so, as an expression. */
export function hasState(state: string): string {
  return `document.querySelector('.standing .state.${state}') !== null`;
}

function button(text: string): string {
  return `[...document.querySelectorAll('.actions button')].find((button) => button.textContent.trim() === '${text}')`;
}

/** Presses a button of what can be done, once it can be pressed. */
export async function press(browser: TestPage, text: string): Promise<void> {
  await browser.until(`${button(text)}?.disabled === false`);
  await browser.value(`${button(text)}.click()`);
}

/** Answers the dialog that is open: types into its text or number, and confirms. */
export async function answer({ page }: TestPage, typed?: string): Promise<void> {
  await page.waitForSelector("dialog[open]");
  if (typed !== undefined) {
    const field = (await page.waitForSelector("dialog input"))!;
    await field.click({ count: 3 });
    await field.type(typed);
  }
  await page.waitForSelector("dialog button[type=submit]:not([disabled])");
  await page.click("dialog button[type=submit]");
  await page.waitForFunction("document.querySelector('dialog') === null");
}

/** Waits in the queue's view until a job has finished. */
export async function finish(view: TestPage, job: number): Promise<void> {
  await view.show("#/queue", ".job");
  const item = `[...document.querySelectorAll('.job')].find((item) =>
    item.querySelector('small')?.textContent.startsWith('job ${job} '))`;
  await view.until(`${item}?.querySelector('.state.finished, .state.failed') != null`, COMPILING);
  const text = await view.value<string>(`${item}.textContent`);
  assert(await view.value(`${item}.querySelector('.state.finished') !== null`), text);
}

/** Starts what a form asks for, once it can be started; the queue is shown then. */
export async function start({ page }: TestPage): Promise<void> {
  await page.waitForSelector(".request button.primary:not([disabled])");
  await page.click(".request button.primary");
  await page.waitForSelector(".job");
}
