/**
 * Tiny runs on several ranks, started by a real `mpirun`.
 *
 * @module
 */
import type { MpiKind } from "../../../../core/distributed/mod.ts";
import { mpirun, type MpirunOptions, type MpirunResult } from "../../../mpirun.ts";
import type { RankRun } from "./rank_run.ts";

const PROGRAM = new URL("./rank_run.ts", import.meta.url);

/** What a run needs. */
const PERMISSIONS = ["read", "write", "ffi", "env", "sys"].map((name) => `--allow-${name}`);

/** Trains on several ranks. */
export function trainOnRanks(
  kind: MpiKind,
  ranks: number,
  run: RankRun,
  options: MpirunOptions = {},
): Promise<MpirunResult> {
  const settings = { permissions: PERMISSIONS, seconds: 240, ...options };
  return mpirun(kind, ranks, PROGRAM, [JSON.stringify(run)], settings);
}

/** Trains on several ranks, and throws what they wrote if that fails. */
export async function trainWell(...given: Parameters<typeof trainOnRanks>): Promise<string> {
  const { code, stdout, stderr } = await trainOnRanks(...given);
  if (code === 0) return stdout;
  throw new Error(`Exit code ${code} of ${given[1]} ranks. They wrote:\n${stdout}\n${stderr}`);
}
