import { assertEquals, assertThrows } from "@std/assert";
import { launchShard } from "../../../core/distributed/launch_shard.ts";

function launched(variables: Record<string, string>) {
  return launchShard((name) => variables[name])?.shard;
}

Deno.test("launchShard() reads the job of an array", () => {
  const job = {
    SLURM_ARRAY_TASK_ID: "14",
    SLURM_ARRAY_TASK_COUNT: "4",
    SLURM_ARRAY_TASK_MIN: "10",
    SLURM_ARRAY_TASK_STEP: "2",
  };
  assertEquals(launched(job), { index: 2, count: 4 });
  assertEquals(launchShard((name) => job[name as keyof typeof job])?.variables, [
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
  ]);
  assertThrows(
    () => launched({ ...job, SLURM_ARRAY_TASK_ID: "13" }),
    TypeError,
    "the array's numbers must be evenly spaced",
  );
  assertThrows(
    () => launched({ ...job, SLURM_ARRAY_TASK_COUNT: "many" }),
    TypeError,
    'SLURM_ARRAY_TASK_COUNT must be a whole number, found "many"',
  );
});

Deno.test("launchShard() is for arrays alone: ranks share what they have as a group", () => {
  assertEquals(launched({}), undefined);
  assertEquals(launched({ OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "4" }), undefined);
  assertEquals(launched({ SLURM_PROCID: "1", SLURM_STEP_NUM_TASKS: "2" }), undefined);
  assertEquals(launched({ SLURM_ARRAY_TASK_ID: "0", SLURM_ARRAY_TASK_COUNT: "1" }), undefined);
});
