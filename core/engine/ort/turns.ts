/**
 * Taking turns on devices whose provider serves one call at a time.
 *
 * All sessions on WebGPU share one encoder of commands, which ONNX Runtime does not guard: two calls at once mix their
 * commands up, give zeros or end the process.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { type Device, formatDevice } from "./device.ts";

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

function takesTurns({ provider }: Device): boolean {
  return provider === "webgpu";
}

/** Makes a call that runs on another thread, after those before it where the device takes one at a time. */
export async function inTurn<T>(device: Device, call: () => Promise<T>): Promise<T> {
  if (!takesTurns(device)) return await call();
  waiting++;
  try {
    const turn = last.then(call);
    last = turn.catch(() => undefined);
    return await turn;
  } finally {
    waiting--;
  }
}

/**
 * Checks that nothing is in flight which a call on this thread would disturb.
 *
 * @throws {TypeError} if the device takes one call at a time, and one is in flight
 */
export function checkTurn(device: Device, action: string): void {
  if (!takesTurns(device) || waiting === 0) return;
  throw new GenviewTypeError(
    `Cannot ${action}: ${
      formatDevice(device)
    } takes one call at a time, found a run or load in flight; await it first`,
  );
}

/** Frees memory of a device: now, or after the calls that are in flight where the device takes one at a time. */
export function freeInTurn(device: Device, free: () => void): void {
  if (!takesTurns(device) || waiting === 0) free();
  else last = last.then(free);
}
