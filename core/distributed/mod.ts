/**
 * Work that is divided among processes: shares by this project's own means or by those of MPI and Slurm, and processes
 * that compute together by MPI.
 *
 * @module
 */
export type { CollectiveStatistics } from "./collective_meter.ts";
export type { CollectiveArray, Reduction } from "./collective_data.ts";
export { gatherParts } from "./gather_parts.ts";
export { type LaunchShard, launchShard } from "./launch_shard.ts";
export {
  findLauncher,
  type Launcher,
  LAUNCHER_VARIABLES,
  launchLocalRank,
  launchLocalSize,
  type MpiKind,
  type ReadVariable,
} from "./launcher.ts";
export { localDevices } from "./local_devices.ts";
export { MPI_LIBRARY_VARIABLE } from "./mpi_library.ts";
export {
  type GroupWorkOptions,
  inProcessGroup,
  openProcessGroup,
  type ProcessGroupOptions,
} from "./open_process_group.ts";
export type { BlockingCollectives, ProcessGroup } from "./process_group.ts";
export { programArguments } from "./program_arguments.ts";
export { type RankPart, rankPart } from "./rank_part.ts";
export {
  type AskedPlacement,
  type LocalPlace,
  openRankPlacement,
  rankPlacement,
  rankThreads,
} from "./rank_placement.ts";
export { formatShard, parseShard, type Shard, shareOf, subShard, WHOLE } from "./shard.ts";
export { inShares, type Share, type SharedWorkOptions } from "./shared_work.ts";
export { collectiveOperators, rankGroup } from "./collective_operators.ts";
export { mustStartRanks, type RanksOptions, type StartedRanks, startRanks } from "./start_ranks.ts";
