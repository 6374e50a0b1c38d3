import { assert } from "@std/assert";
import { CPU, type Device, formatDevice } from "../../../../core/engine/ort/device.ts";
import { checkDevice } from "../../../../core/engine/ort/resolve_device.ts";
import { trialRun } from "../../../../core/engine/ort/trial_run.ts";

const DEVICES: readonly Device[] = [
  CPU,
  { provider: "cuda", index: 0 },
  { provider: "webgpu", index: 0 },
];

for (const device of DEVICES) {
  Deno.test({
    name: `trialRun() passes on ${formatDevice(device)}`,
    ignore: !checkDevice(device).usable,
    async fn() {
      const { load, run } = await trialRun(device);
      assert(load > 0 && run > 0 && Number.isFinite(run));
    },
  });
}
