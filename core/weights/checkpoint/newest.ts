/**
 * The newest checkpoint of a run that is whole.
 *
 * @module
 */
import { GenviewError, isGenviewError } from "../../errors/mod.ts";
import { explainingFileErrors, systemCode } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { type Checkpoint, loadCheckpoint } from "./checkpoint.ts";
import { listCheckpoints } from "./list.ts";

/** A checkpoint that cannot be loaded. */
export interface DamagedCheckpoint {
  /** The checkpoint's folder. */
  readonly path: string;
  /** What is wrong with it, in a sentence. */
  readonly reason: string;
}

/** The newest whole checkpoint of a run. */
export interface NewestCheckpoint {
  /** The checkpoint itself. */
  readonly checkpoint: Checkpoint;
  /** Its folder. */
  readonly path: string;
  /** Newer ones that cannot be loaded, newest first. */
  readonly passedOver: readonly DamagedCheckpoint[];
}

/** Codes of the system for files that may well be whole, but may not be read now. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "EMFILE"]);

/**
 * Loads the newest checkpoint that is whole; newer ones that are damaged are passed over.
 *
 * @param folder the `checkpoints` folder of a run
 * @returns undefined if there are none: the run was stopped before its first
 * @throws {GenviewError} if there are some and all are damaged, or the system refuses to read one
 */
export async function loadNewestCheckpoint(folder: string): Promise<NewestCheckpoint | undefined> {
  const passedOver: DamagedCheckpoint[] = [];
  for (const { path } of (await listCheckpoints(folder)).reverse()) {
    try {
      return { checkpoint: await loadCheckpoint(path), path, passedOver };
    } catch (error) {
      if (!isGenviewError(error) || REFUSALS.has(systemCode(error.cause))) throw error;
      passedOver.push({ path, reason: error.message });
    }
  }
  if (passedOver.length === 0) return undefined;
  throw new GenviewError(
    `Cannot load a checkpoint of ${folder}: all are damaged: ${
      passedOver.map(({ reason }) => reason).join("; ")
    }; restore one, or start again in another folder`,
  );
}

/**
 * Gives a damaged checkpoint another name, so that its step can be saved anew; one of that name is removed.
 *
 * @returns where it lies now
 */
export async function setAside({ path }: DamagedCheckpoint): Promise<string> {
  const aside = `${path}.damaged`;
  await explainingFileErrors(
    `rename ${path} to ${aside}`,
    (async () => {
      await ifThere(Deno.remove(aside, { recursive: true }));
      await Deno.rename(path, aside);
    })(),
  );
  return aside;
}
