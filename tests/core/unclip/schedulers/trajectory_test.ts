import { assertEquals, assertThrows } from "@std/assert";
import { type SchedulerStep, Trajectory } from "../../../../core/unclip/schedulers/mod.ts";

/** A call that remembers the output as it is. */
function step(next: SchedulerStep["next"], forgets = 0): SchedulerStep {
  return { timestep: 1, remembered: { sample: 0, output: 1 }, next, forgets };
}

Deno.test("Trajectory.advance() sums the sample and what is remembered, newest first", () => {
  const plan = [
    step({ sample: 1, remembered: [1] }),
    step({ sample: 2, remembered: [10, 100] }),
  ];
  const trajectory = new Trajectory(plan, Float32Array.of(1, 0));
  trajectory.advance(Float32Array.of(3, 5));
  assertEquals(trajectory.sample, Float32Array.of(4, 5));
  trajectory.advance(Float32Array.of(7, 1));
  assertEquals(trajectory.sample, Float32Array.of(2 * 4 + 70 + 300, 2 * 5 + 10 + 500));
  assertEquals(trajectory.due, undefined);
});

Deno.test("Trajectory.advance() takes a step again that a call corrects, and forgets the call", () => {
  const plan = [
    step({ sample: 1, remembered: [1] }),
    step({ callsBack: 1, sample: 1, remembered: [0.5, 0.5] }, 1),
    step({ sample: 0, remembered: [0, 1] }),
  ];
  const trajectory = new Trajectory(plan, Float32Array.of(10));
  trajectory.advance(Float32Array.of(2));
  trajectory.advance(Float32Array.of(4));
  assertEquals(trajectory.sample, Float32Array.of(10 + 3));
  trajectory.advance(Float32Array.of(100));
  assertEquals(trajectory.sample, Float32Array.of(2));
});

Deno.test("Trajectory.advance() bounds what is remembered, and takes the output beside it", () => {
  const remembered = { sample: 1, output: 1, bound: 2 };
  const next = { sample: 0, output: 10, remembered: [1] };
  const trajectory = new Trajectory(
    [{ timestep: 1, remembered, next }],
    Float32Array.of(1, 1, -9),
  );
  trajectory.advance(Float32Array.of(0.5, 4, 1));
  assertEquals(trajectory.sample, Float32Array.of(5 + 1.5, 40 + 2, 10 - 2));
});

Deno.test("Trajectory.advance() keeps what it remembers though the output's memory is used again", () => {
  const plan = [step({ sample: 0, remembered: [1] }), step({ sample: 0, remembered: [0, 1] })];
  const trajectory = new Trajectory(plan, Float32Array.of(0));
  const output = Float32Array.of(6);
  trajectory.advance(output);
  output[0] = 7;
  trajectory.advance(output);
  assertEquals(trajectory.sample, Float32Array.of(6));
});

Deno.test("Trajectory.advance() refuses more calls than were planned, and outputs of another length", () => {
  const trajectory = new Trajectory(
    [step({ sample: 1, remembered: [1] })],
    Float32Array.of(1),
  );
  assertThrows(
    () => trajectory.advance(Float32Array.of(1, 2)),
    RangeError,
    "Cannot advance a trajectory of 1 calls and 1 numbers: found output 1 of 2 numbers",
  );
  trajectory.advance(Float32Array.of(0.5));
  assertThrows(
    () => trajectory.advance(Float32Array.of(0.5)),
    RangeError,
    "Cannot advance a trajectory of 1 calls and 1 numbers: found output 2 of 1 numbers",
  );
});
