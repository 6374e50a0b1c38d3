import { assert, assertEquals, assertRejects } from "@std/assert";
import { float32, input, tensor, withTarget } from "../../../../core/engine/graph/mod.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import {
  add,
  allGather,
  allReduce,
  mul,
  ownRows,
  reduceScatter,
} from "../../../../core/engine/ops/mod.ts";
import { TWIN_OPERATORS, TWINS } from "../twin_ranks.ts";
import { type HostOperator, OrtError, Session } from "../../../../core/engine/ort/mod.ts";

Deno.test("a session computes operators of the host in the middle of a graph", async () => {
  const model = withTarget({ ranks: TWINS }, () => {
    const x = input("x", "float32", [2, 2]);
    const doubled = mul(x, 2);
    return encodeModel({
      outputs: {
        reduced: add(allReduce(doubled), 1),
        gathered: add(allGather(doubled), 1),
        scattered: add(reduceScatter(doubled), 1),
        own: add(ownRows(doubled), 1),
      },
    });
  });
  using session = await Session.create(model, { operators: TWIN_OPERATORS, threads: 1 });
  for (let run = 0; run < 3; run++) {
    const { reduced, gathered, scattered, own } = await session.run({
      x: float32([2, 2], [1, 2, 3, run]),
    });
    assertEquals([...reduced!.data], [5, 9, 13, 4 * run + 1]);
    assertEquals(gathered!.shape, [4, 2]);
    assertEquals([...gathered!.data], [3, 5, 7, 2 * run + 1, 3, 5, 7, 2 * run + 1]);
    assertEquals([...scattered!.data], [5, 9]);
    assertEquals([...own!.data], [3, 5]);
  }
});

Deno.test("an operator of the host takes several element types under one name", async () => {
  for (const value of [float32([1], [1.5]), tensor("float64", [1], Float64Array.of(1.5))]) {
    const model = withTarget({ ranks: TWINS }, () => {
      const x = input("x", value.dtype, [1]);
      return encodeModel({ outputs: { y: mul(allReduce(x), 2) } });
    });
    using session = await Session.create(model, { operators: TWIN_OPERATORS });
    const { y } = await session.run({ x: value });
    assertEquals([y!.dtype, ...y!.data], [value.dtype, 6]);
  }
});

Deno.test("what an operator of the host throws ends the run with its message", async () => {
  const model = withTarget({ ranks: TWINS }, () =>
    encodeModel({
      outputs: { y: allReduce(input("x", "float32", [1])) },
    }));
  const operators: readonly HostOperator[] = [{
    ...TWIN_OPERATORS[0]!,
    compute: () => {
      throw new Error("rank 1 does not answer");
    },
  }];
  using session = await Session.create(model, { operators });
  const error = await assertRejects(() => session.run({ x: float32([1], [1]) }), OrtError);
  assert(error.message.includes("rank 1 does not answer"), error.message);
});

Deno.test("a model with operators of the host is refused by a session that has none", async () => {
  const model = withTarget({ ranks: TWINS }, () =>
    encodeModel({
      outputs: { y: allReduce(input("x", "float32", [1])) },
    }));
  await assertRejects(() => Session.create(model), OrtError, "AllReduce");
});

Deno.test("the domain of the host's operators is noted before sessions load on other threads", async () => {
  // Two that find it missing at the same time fail, so seldom that no number of trials shows it: what is seen is the order.
  const program = new URL("host_domain_program.ts", import.meta.url);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", program.pathname],
  }).output();
  assertEquals(
    new TextDecoder().decode(stdout).trim().split("\n"),
    ["alone", "on another thread", "on another thread"],
    new TextDecoder().decode(stderr),
  );
});
