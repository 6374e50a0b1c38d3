/**
 * The devices of this machine that processes can be spread over.
 *
 * @module
 */
import { type Device, parseDevice } from "../engine/ort/mod.ts";
import { programArguments } from "./program_arguments.ts";

/** Looks for the devices in a process of its own, because started devices keep memory until their process ends. */
const LOOK = new URL("./print_devices.ts", import.meta.url);

/**
 * The devices that a text names: one of them, or for `auto` all of CUDA's devices, or the CPU where there are none.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { localDevices } from "./local_devices.ts";
 *
 * assertEquals(await localDevices("cuda:1"), [{ provider: "cuda", index: 1 }]);
 * ```
 *
 * @param text `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu`; `auto` needs `--allow-run`
 * @throws {TypeError} if the text names no device
 */
export async function localDevices(text: string): Promise<Device[]> {
  const parsed = parseDevice(text);
  if (parsed !== "auto") return [parsed];
  const permissions = ["--allow-read", "--allow-ffi", "--allow-env", "--allow-sys=homedir"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: programArguments(LOOK, permissions),
  }).output();
  if (code !== 0) {
    throw new Error(`Internal: the devices were not found: ${new TextDecoder().decode(stderr)}`);
  }
  const names = new TextDecoder().decode(stdout).trim().split("\n");
  return names.map((name) => parseDevice(name) as Device);
}
