import { assertEquals, assertThrows } from "@std/assert";
import { launchShard } from "../../../core/distributed/launch_shard.ts";

function launched(variables: Record<string, string>) {
  return launchShard((name) => variables[name])?.shard;
}

Deno.test("launchShard() reads the rank that MPI launchers and srun give", () => {
  assertEquals(launched({}), undefined);
  assertEquals(launched({ OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "4" }), {
    index: 1,
    count: 4,
  });
  assertEquals(launched({ PMI_RANK: "2", PMI_SIZE: "3" }), { index: 2, count: 3 });
  assertEquals(launched({ SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "2" }), { index: 0, count: 2 });
  // The shell of a job with several tasks, and a launcher that started one process.
  assertEquals(launched({ SLURM_PROCID: "0", SLURM_NTASKS: "4" }), undefined);
  assertEquals(launched({ OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "1" }), undefined);
});

Deno.test("launchShard() reads the job of an array, and ranks within it", () => {
  const job = {
    SLURM_ARRAY_TASK_ID: "14",
    SLURM_ARRAY_TASK_COUNT: "4",
    SLURM_ARRAY_TASK_MIN: "10",
    SLURM_ARRAY_TASK_STEP: "2",
  };
  assertEquals(launched(job), { index: 2, count: 4 });
  const inner = { ...job, SLURM_PROCID: "1", SLURM_STEP_NUM_TASKS: "3" };
  assertEquals(launched(inner), { index: 6, count: 12 });
  assertEquals(launchShard((name) => inner[name as keyof typeof inner])?.variables, [
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
    "SLURM_PROCID",
    "SLURM_STEP_NUM_TASKS",
  ]);
  assertThrows(
    () => launched({ ...job, SLURM_ARRAY_TASK_ID: "13" }),
    TypeError,
    "the array's numbers must be evenly spaced",
  );
});

Deno.test("launchShard() refuses a rank without a number of ranks", () => {
  assertThrows(
    () => launched({ PMI_RANK: "1" }),
    TypeError,
    "PMI_SIZE must be a whole number, found none",
  );
});
