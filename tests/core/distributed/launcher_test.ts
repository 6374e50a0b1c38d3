import { assertEquals } from "@std/assert";
import {
  findLauncher,
  LAUNCHER_VARIABLES,
  launchLocalRank,
  launchLocalSize,
} from "../../../core/distributed/launcher.ts";

type Variables = Record<string, string>;

const OPEN_MPI: Variables = {
  OMPI_COMM_WORLD_RANK: "1",
  OMPI_COMM_WORLD_SIZE: "4",
  PMIX_RANK: "1",
};
const HYDRA: Variables = { PMI_RANK: "2", PMI_SIZE: "3", MPI_LOCALRANKID: "0" };
const SRUN: Variables = { SLURM_PROCID: "5", SLURM_STEP_NUM_TASKS: "8" };

function find(variables: Variables) {
  const launcher = findLauncher((name) => {
    assertEquals(LAUNCHER_VARIABLES.includes(name), true);
    return variables[name];
  });
  return launcher && [launcher.name, launcher.rank, launcher.size, ...launcher.starts];
}

Deno.test("findLauncher() tells the launchers apart, and which MPI they start", () => {
  assertEquals(find({}), undefined);
  assertEquals(find(OPEN_MPI), ["Open MPI's mpirun", 1, 4, "openmpi"]);
  assertEquals(find(HYDRA), ["MPICH's mpirun", 2, 3, "mpich"]);
  assertEquals(find({ ...SRUN, PMIX_RANK: "5" }), ["srun", 5, 8, "openmpi", "mpich"]);
  // By PMI, which MPICH's mpirun sets as well.
  const byPmi = { ...SRUN, PMI_RANK: "5", PMI_SIZE: "8" };
  assertEquals(find(byPmi), ["srun", 5, 8, "mpich", "openmpi"]);
  assertEquals(find({ PMIX_RANK: "3" }), [
    "a launcher with PMIx",
    3,
    undefined,
    "openmpi",
    "mpich",
  ]);
});

Deno.test("findLauncher() prefers the ranks of an mpirun to those of the srun that carries it", () => {
  assertEquals(find({ ...SRUN, ...OPEN_MPI })?.slice(0, 3), ["Open MPI's mpirun", 1, 4]);
  assertEquals(find({ ...SRUN, ...HYDRA })?.slice(0, 3), ["MPICH's mpirun", 2, 3]);
});

Deno.test("launchLocalRank() and launchLocalSize() read the place on this machine", () => {
  const local = (variables: Variables) => {
    const read = (name: string) => {
      assertEquals(LAUNCHER_VARIABLES.includes(name), true);
      return variables[name];
    };
    return [launchLocalRank(read), launchLocalSize(read)];
  };
  assertEquals(local({}), [undefined, undefined]);
  assertEquals(local({ MPI_LOCALRANKID: "1", MPI_LOCALNRANKS: "2" }), [1, 2]);
  assertEquals(local({ SLURM_LOCALID: "0", SLURM_NTASKS_PER_NODE: "8" }), [0, 8]);
  assertEquals(
    local({ OMPI_COMM_WORLD_LOCAL_RANK: "3", OMPI_COMM_WORLD_LOCAL_SIZE: "4" }),
    [3, 4],
  );
});
