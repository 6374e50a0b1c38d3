/**
 * Graphs, run once: what tests put between the values that they build and the numbers that they expect.
 *
 * @module
 */
import type { Tensor } from "../core/engine/graph/tensor.ts";
import type { Value } from "../core/engine/graph/value.ts";
import { encodeModel } from "../core/engine/onnx/encode_model.ts";
import { Session, type SessionOptions } from "../core/engine/ort/mod.ts";
import { TEST_DEVICE } from "./test_device.ts";

const OPTIONS: SessionOptions = { device: TEST_DEVICE };

/** Encodes a graph, runs it on the device of the tests and gives its outputs by name; nothing is kept. */
export async function runGraph(
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  using session = await Session.create(encodeModel({ outputs }), OPTIONS);
  return await session.run(feeds);
}
