/**
 * What ranks have told of themselves while they train.
 *
 * @module
 */
import { join } from "node:path";
import { ifThere } from "../../../../core/files/if_there.ts";

const POLL_MILLISECONDS = 5;

/** A run on a busy machine has so long to come to what is waited for; longer than its launch may take. */
const SECONDS = 150;

/** Waits until something is there. */
async function until<T>(
  what: string,
  find: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + 1000 * SECONDS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`Not within ${SECONDS} seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

/** The number of a rank's process, once it has joined the others. */
export function numberOfProcess(told: string, rank: number): Promise<number> {
  return until(`rank ${rank} has joined the others`, async () => {
    const number = Number(await ifThere(Deno.readTextFile(join(told, `rank-${rank}`))));
    return number > 0 ? number : undefined;
  });
}

/** How much the first rank has reported. */
export async function countEvents(told: string): Promise<number> {
  const text = await ifThere(Deno.readTextFile(join(told, "events")));
  return text === undefined ? 0 : text.split("\n").length - 1;
}

/** Waits until the first rank has reported so much. */
export async function waitForEvents(told: string, count: number): Promise<void> {
  await until(
    `the first rank has reported ${count} times`,
    async () => await countEvents(told) >= count || undefined,
  );
}
