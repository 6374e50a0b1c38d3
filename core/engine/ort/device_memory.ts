/**
 * Memory of devices other than the CPU: allocating it and copying to and from the host.
 *
 * @module
 */
import type { Device } from "./device.ts";

/** Memory of one device. */
export interface DeviceMemory {
  /** `OrtAllocator*`. */
  readonly allocator: Deno.PointerObject;
  /** Copies bytes into the memory of an `OrtValue*`. */
  readonly write: (value: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>) => void;
  /** Copies the memory of an `OrtValue*` out. */
  readonly read: (value: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>) => void;
}

export function deviceMemory(_device: Device): DeviceMemory {
  throw new Error("Internal: not written yet");
}
