import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/byol/mod.ts";
import { testMethod } from "./method_checks.ts";

const byol = checkMethod(plugin, "byol");

testMethod(byol, {
  options: { hiddenWidth: 32, width: 16 },
  refused: [[{ hiddenWidth: 0 }, "options.hiddenWidth"], [
    { temperature: 1 },
    "options.temperature",
  ]],
  refusedViews: [1, 17],
});
