import { checkGradients } from "../../../../core/engine/autodiff/check_gradients.ts";
import { runGraph } from "../../../run_graph.ts";
import { ELEMENTWISE } from "./elementwise_cases.ts";
import { draw, type GradientCase } from "./gradient_case.ts";
import { MATRICES } from "./matrix_cases.ts";
import { REDUCING } from "./reduction_cases.ts";
import { SHAPING } from "./shape_cases.ts";
import { WINDOWS } from "./window_cases.ts";

const CASES: readonly GradientCase[] = [
  ...ELEMENTWISE,
  ...REDUCING,
  ...MATRICES,
  ...SHAPING,
  ...WINDOWS,
];
const DOUBLE = ["float64"] as const;

for (const { name, dtypes = DOUBLE, variants } of CASES) {
  for (const dtype of dtypes) {
    Deno.test(`${name} has the gradient of its central differences in ${dtype}`, async () => {
      for (const [i, { inputs, build }] of variants.entries()) {
        const drawn = Object.entries(inputs).map(([key, given]) =>
          [key, draw(given, dtype, name, i, key)] as const
        );
        await checkGradients(build, Object.fromEntries(drawn), { evaluate: runGraph });
      }
    });
  }
}
