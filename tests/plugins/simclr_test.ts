import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/simclr/mod.ts";
import { testMethod } from "./method_checks.ts";

const simclr = checkMethod(plugin, "simclr");

testMethod(simclr, {
  options: { hiddenWidth: 32, width: 16 },
  refused: [
    [{ positives: "none" }, "options.positives"],
    [{ temperature: -1 }, "options.temperature"],
  ],
  refusedViews: [1, 17],
});
