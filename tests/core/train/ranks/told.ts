/**
 * What ranks have told of themselves while they train.
 *
 * @module
 */
import { join } from "node:path";
import { ifThere } from "../../../../core/files/if_there.ts";

const POLL_MILLISECONDS = 5;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
}

/** The number of a rank's process, once it has joined the others. */
export async function numberOfProcess(told: string, rank: number): Promise<number> {
  const path = join(told, `rank-${rank}`);
  for (;;) {
    const number = Number(await ifThere(Deno.readTextFile(path)));
    if (number > 0) return number;
    await pause();
  }
}

/** How much the first rank has reported. */
export async function countEvents(told: string): Promise<number> {
  const text = await ifThere(Deno.readTextFile(join(told, "events")));
  return text === undefined ? 0 : text.split("\n").length - 1;
}

/** Waits until the first rank has reported so much. */
export async function waitForEvents(told: string, count: number): Promise<void> {
  while (await countEvents(told) < count) await pause();
}
