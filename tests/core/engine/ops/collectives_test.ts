import { assertThrows } from "@std/assert";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { batchNorm } from "../../../../core/engine/nn/batch_norm.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { reduceScatter } from "../../../../core/engine/ops/reduce_scatter.ts";
import { synchronizedBatchNormalization } from "../../../../core/engine/ops/synchronized_batch_normalization.ts";
import { mpirunWell, testMpi } from "../../../mpirun.ts";

for (const ranks of [2, 3]) {
  testMpi(
    `collectives and synchronised batch norm on ${ranks} ranks have PyTorch's gradients`,
    async (kind) => {
      const program = new URL("./rank_gradients.ts", import.meta.url);
      const permissions = ["--allow-ffi", "--allow-env", "--allow-read", "--allow-sys"];
      await mpirunWell(kind, ranks, program, [], { permissions, seconds: 240 });
    },
    ranks === 2 ? undefined : ["openmpi"],
  );
}

Deno.test("reduceScatter() refuses rows that its processes cannot share", () => {
  assertThrows(
    () => withTarget({ ranks: 2 }, () => reduceScatter(input("x", "float32", [3, 2]))),
    RangeError,
    "2 processes must divide the rows, found 3",
  );
});

Deno.test("synchronizedBatchNormalization() names what does not fit", () => {
  withTarget({ ranks: 2 }, () => {
    assertThrows(
      () => synchronizedBatchNormalization(input("x", "float32", [4])),
      RangeError,
      "at least 2 axes",
    );
    const options = { scale: input("scale", "float32", [2]) };
    assertThrows(
      () => synchronizedBatchNormalization(input("x", "float32", [4, 3]), options),
      RangeError,
      "scale must be float32[3]",
    );
  });
});

Deno.test("batchNorm() refuses groups in each of the processes whose samples it normalises together", () => {
  const x = input("x", "float32", [4, 2]);
  const apply = (ranks: number, batchNormGroups: number, rows = x) => {
    const scope = new Scope({ training: true, syncBatchNorm: true });
    return withTarget(
      { ranks },
      () => scope.within({ batchNormGroups }, (inner) => batchNorm(inner, "bn", rows)),
    );
  };
  assertThrows(() => apply(2, 2), RangeError, "found 2 groups of samples in each");
  // A single process has no others, and one sample in each of two processes are two.
  apply(1, 2);
  apply(2, 1, input("x", "float32", [1, 2]));
  assertThrows(() => apply(1, 1, input("x", "float32", [1, 2])), RangeError, "at least 2 elements");
});
