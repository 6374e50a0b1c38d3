/**
 * Work that is divided among processes, by this project's own means or by those of MPI and Slurm.
 *
 * @module
 */
export {
  launchLocalRank,
  type LaunchShard,
  launchShard,
  type ReadVariable,
} from "./launch_shard.ts";
export { localDevices } from "./local_devices.ts";
export { programArguments } from "./program_arguments.ts";
export { formatShard, parseShard, type Shard, shareOf, subShard, WHOLE } from "./shard.ts";
