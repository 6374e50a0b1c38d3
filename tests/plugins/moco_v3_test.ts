import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/moco-v3/mod.ts";
import { testMethod } from "./method_checks.ts";

const mocoV3 = checkMethod(plugin, "moco-v3");

testMethod(mocoV3, {
  options: { hiddenWidth: 32, width: 16 },
  refused: [
    [{ positives: "none" }, "options.positives"],
    [{ predictorLayers: 0 }, "options.predictorLayers"],
  ],
  refusedViews: [1, 17],
});
