/**
 * Fails on rank 1 in the way that an argument names, while the other ranks wait for it, and writes before when it does, in
 * milliseconds.
 *
 * @module
 */
import {
  inProcessGroup,
  openProcessGroup,
  type ProcessGroup,
} from "../../../../core/distributed/mod.ts";
import { GenviewError } from "../../../../core/errors/mod.ts";

/** What a rank does. */
type Failure = (group: ProcessGroup) => void | Promise<void>;

const FAILURES: Readonly<Record<string, Failure>> = {
  error: () => {
    throw new GenviewError("Cannot read photo.jpg: it must be an image");
  },
  bug: () => {
    throw new TypeError("a bug");
  },
  // While this rank's own thread is in a collective as well.
  errorInFlight: async (group) => {
    const pending = group.allReduce(new Float32Array(4), "sum");
    await Promise.race([pending, Promise.reject(new GenviewError("Cannot go on"))]);
  },
  abort: (group) => group.abort("stopped by hand", 7),
  kill: () => Deno.kill(Deno.pid, "SIGKILL"),
  exit: () => Deno.exit(0),
  count: async (group) => await group.broadcast(new Float32Array(4)),
};

/** What the other ranks wait in: `blocking`, `broadcast` or `barrier`. */
async function wait(group: ProcessGroup, how: string): Promise<void> {
  if (how === "blocking") group.blocking.allReduce(new Float32Array(1_000_000), "sum");
  else if (how === "broadcast") await group.broadcast(new Float32Array(8));
  await group.barrier();
}

if (import.meta.main) {
  const [failure, how] = Deno.args as [string, string];
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    if (group !== await openProcessGroup()) throw new Error("Another group");
    if (group.rank === 1) {
      Deno.stdout.writeSync(new TextEncoder().encode(`${Date.now()}\n`));
      await FAILURES[failure]!(group);
    }
    await wait(group, how);
  });
}
