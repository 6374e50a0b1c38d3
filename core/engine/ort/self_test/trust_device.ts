/**
 * Devices that compute rightly, and the memory of those that did.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { GenviewError } from "../../../errors/mod.ts";
import { systemCode } from "../../../files/file_error.ts";
import { ifThere } from "../../../files/if_there.ts";
import { makeFolder, writeNewFile } from "../../../files/new_file.ts";
import { userCache } from "../../../files/user_cache.ts";
import { describeDevice, type Device, formatDevice } from "../device.ts";
import { ortVersion } from "../environment.ts";
import { resolveDevice } from "../resolve_device.ts";
import { hardwareOf } from "./hardware.ts";
import { testOperators, trialModel, type WrongOperator } from "./test_operators.ts";

/** How {@linkcode trustDevice} tests and remembers. */
export interface TrustOptions {
  /** Finds the operators that a device computes wrongly (default {@linkcode testOperators}). */
  readonly test?: (device: Device) => Promise<WrongOperator[]>;
  /** What the device is, to be remembered by; undefined where that is not known (default from the system). */
  readonly hardware?: string | undefined;
  /** Folder of what is remembered (default `genview/devices` in the user's cache). */
  readonly cache?: string;
}

/** An error that says what a device computes wrongly. */
export function wrongOperators(device: Device, wrong: readonly WrongOperator[]): GenviewError {
  const list = wrong.map(({ name, fault }) => `${name} (${fault})`).join(", ");
  return new GenviewError(
    `Cannot use ${formatDevice(device)}: it must compute as the CPU does, found wrong: ${list}; ` +
      "update the device's driver, or use --device cpu",
  );
}

/** Whether an error is the system's or Deno's refusal of a file, or of finding the place for it. */
function isRefusal(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable ||
    systemCode(error instanceof Error ? error.cause ?? error : error) !== undefined;
}

/** A place, or nothing where finding it is refused: remembering saves seconds, and nothing depends on it. */
function unlessRefused(place: () => string): string | undefined {
  try {
    return place();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

async function isThere(record: string): Promise<boolean> {
  try {
    return await ifThere(Deno.stat(record)) !== undefined;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** Writes a record where that is allowed. */
async function remember(record: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(record));
    await writeNewFile(record, text, { overwrite: true });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

/** The file that remembers that a device was right with this library and these trials, as they are written for it. */
function recordOf(facts: object, device: Device, cache: string): string {
  const digest = createHash("sha256").update(JSON.stringify(facts)).update(trialModel(device))
    .digest("hex");
  return join(cache, `${digest.slice(0, 32)}.json`);
}

const trusted = new Map<string, Promise<void>>();

async function examine(device: Device, options: TrustOptions): Promise<void> {
  const { test = testOperators } = options;
  const hardware = "hardware" in options ? options.hardware : hardwareOf(device);
  const facts = { device: describeDevice(device), hardware, onnxruntime: ortVersion() };
  const record = hardware === undefined
    ? undefined
    : unlessRefused(() => recordOf(facts, device, options.cache ?? userCache("devices")));
  if (record !== undefined && await isThere(record)) return;
  const wrong = await test(device);
  if (wrong.length > 0) throw wrongOperators(device, wrong);
  if (record === undefined) return;
  await remember(record, `${JSON.stringify(facts, null, 2)}\n`);
}

/**
 * Makes sure that a device computes operators as the CPU does: on the first use of a device, its driver and a version of
 * ONNX Runtime, which takes some seconds; what was right is remembered in the user's cache. The CPU is what others are
 * compared with.
 *
 * @throws {GenviewError} if operators are wrong; the message names them
 */
export async function trustDevice(device: Device, options: TrustOptions = {}): Promise<void> {
  if (device.provider === "cpu") return;
  const name = describeDevice(device);
  const known = trusted.get(name) ?? examine(device, options);
  trusted.set(name, known);
  try {
    await known;
  } catch (error) {
    trusted.delete(name);
    throw error;
  }
}

/**
 * The device that a text names, as `resolveDevice` finds it, once it is known to compute rightly.
 *
 * @param providerOptions options of its execution provider, each as `NAME=VALUE`
 * @throws {SyntaxError} if the text names no device, or an option has another form
 * @throws {TypeError} if the device cannot be used, which the message explains with what to install, or its provider does
 * not take an option
 * @throws {GenviewError} if operators are wrong; the message names them
 */
export async function openDevice(
  text: string,
  providerOptions: readonly string[] = [],
): Promise<Device> {
  const device = resolveDevice(text, providerOptions);
  await trustDevice(device);
  return device;
}
