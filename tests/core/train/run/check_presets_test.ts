import { assertRejects } from "@std/assert";
import { checkMethod } from "../../../../core/method/load.ts";
import { checkPresets } from "../../../../core/train/run/check_presets.ts";
import { momentumContrast } from "../momentum_contrast.ts";

Deno.test("checkPresets() names the preset whose schedule does not fit", async () => {
  const temperature = { from: 0.1, to: 0.2, kind: "step" } as const;
  const scheduled = { encoderMomentum: { from: 0.99, to: 1 }, temperature };
  const { manifest } = momentumContrast;
  const method = checkMethod(
    { ...momentumContrast, manifest: { ...manifest, presets: { hot: { scheduled } } } },
    "small",
  );
  await assertRejects(
    () => checkPresets(method),
    RangeError,
    'Cannot use preset "hot": Cannot use --scheduled "temperature": Cannot make a schedule: a step',
  );
});
