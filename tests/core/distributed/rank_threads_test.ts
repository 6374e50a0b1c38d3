import { assertEquals } from "@std/assert";
import { shareOfCores } from "../../../core/distributed/rank_placement.ts";

/** Threads of one of 8 processes on 64 cores, of which it may use some. */
function threads(own: number, variables: Readonly<Record<string, string>>): number {
  return shareOfCores(8, (name) => variables[name], own, 64);
}

Deno.test("processes share out the cores that they may use, unless a launcher has done so", () => {
  assertEquals(threads(64, {}), 8);
  // A container has eight cores for all.
  assertEquals(threads(8, {}), 1);
  const bound = { OMPI_MCA_orte_bound_at_launch: "1" };
  // Bound to a core each, or to a half of the machine.
  assertEquals([threads(1, bound), threads(32, bound)], [1, 8]);
  const task = { SLURM_STEP_NUM_TASKS: "8", SLURM_CPUS_PER_TASK: "16" };
  // Slurm gives each its own, whether it binds them to these or not.
  assertEquals([threads(16, task), threads(64, task)], [16, 16]);
  // A job's shell has the second variable alone.
  assertEquals(threads(64, { SLURM_CPUS_PER_TASK: "16" }), 8);
  assertEquals(threads(2, {}), 1);
});
