import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { CPU, type Device } from "../../../../core/engine/ort/device.ts";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { checkDevice } from "../../../../core/engine/ort/resolve_device.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { checkTurn, freeInTurn, inTurn } from "../../../../core/engine/ort/turns.ts";
import { sgdModel } from "./small_models.ts";

const WEBGPU: Device = { provider: "webgpu", index: 0 };

/** What a step of SGD reads. */
const FEEDS = {
  w: float32([2], [1, 1]),
  gradient: float32([2], [2, 4]),
  rate: float32([], [0.5]),
};

/** Starts two calls on a device and gives what happened in order. */
async function twoCalls(device: Device): Promise<string[]> {
  const events: string[] = [];
  const call = (name: string) => async () => {
    events.push(`${name} starts`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    events.push(`${name} ends`);
  };
  await Promise.all([inTurn(device, call("a")), inTurn(device, call("b"))]);
  return events;
}

Deno.test("inTurn() makes calls on WebGPU one after the other, and on the CPU at once", async () => {
  assertEquals(await twoCalls(WEBGPU), ["a starts", "a ends", "b starts", "b ends"]);
  assertEquals(await twoCalls(CPU), ["a starts", "b starts", "a ends", "b ends"]);
});

Deno.test("inTurn() goes on after a call that failed, and passes its error on", async () => {
  const failing = inTurn(WEBGPU, () => Promise.reject(new RangeError("no")));
  const next = inTurn(WEBGPU, () => Promise.resolve(1));
  await assertRejects(() => failing, RangeError, "no");
  assertEquals(await next, 1);
});

Deno.test("checkTurn() refuses a call on this thread while another is in flight on WebGPU", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const call = inTurn(WEBGPU, () => promise);
  assertThrows(
    () => checkTurn(WEBGPU, "read it"),
    TypeError,
    "Cannot read it: webgpu takes one call at a time, found a run or load in flight",
  );
  checkTurn(CPU, "read it");
  resolve();
  await call;
  checkTurn(WEBGPU, "read it");
});

Deno.test({
  name: "Sessions may be loaded and run at the same time on WebGPU",
  ignore: !checkDevice(WEBGPU).usable,
  async fn() {
    const results = await Promise.all(Array.from({ length: 8 }, async () => {
      using session = await Session.create(sgdModel([2]), { device: WEBGPU });
      return await session.run(FEEDS);
    }));
    for (const result of results) assertEquals(result, { w_new: float32([2], [0, -1]) });
  },
});

Deno.test("freeInTurn() frees on WebGPU after the calls in flight, and on the CPU at once", async () => {
  const events: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const call = inTurn(WEBGPU, () => promise);
  freeInTurn(CPU, () => events.push("the CPU's"));
  freeInTurn(WEBGPU, () => events.push("WebGPU's"));
  const next = inTurn(WEBGPU, () => Promise.resolve(events.push("the next call")));
  assertEquals(events, ["the CPU's"]);
  resolve();
  await Promise.all([call, next]);
  assertEquals(events, ["the CPU's", "WebGPU's", "the next call"]);
  freeInTurn(WEBGPU, () => events.push("at once"));
  assertEquals(events.at(-1), "at once");
});

Deno.test({
  name: "tensors and sessions on WebGPU may be disposed while another run is in flight, not bound",
  ignore: !checkDevice(WEBGPU).usable,
  async fn() {
    using session = await Session.create(sgdModel([2]), { device: WEBGPU });
    const other = await Session.create(sgdModel([2]), { device: WEBGPU });
    const held = DeviceTensor.from(FEEDS.w, WEBGPU);
    const run = session.run(FEEDS);
    held[Symbol.dispose]();
    other[Symbol.dispose]();
    const tensors = Object.fromEntries(
      Object.entries(FEEDS).map(([name, value]) => [name, DeviceTensor.from(value)]),
    );
    using w_new = DeviceTensor.from(FEEDS.w);
    assertThrows(() => session.bind(tensors, { w_new }), TypeError, "in flight; await it first");
    assertEquals(await run, { w_new: float32([2], [0, -1]) });
    using binding = session.bind(tensors, { w_new });
    await binding.run();
    assertEquals(w_new.read(), float32([2], [0, -1]));
    for (const tensor of Object.values(tensors)) tensor[Symbol.dispose]();
  },
});
