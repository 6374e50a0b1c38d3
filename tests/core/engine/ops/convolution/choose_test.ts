import { assertEquals } from "@std/assert";
import { withTarget } from "../../../../../core/engine/graph/target.ts";
import { chooseFormulations } from "../../../../../core/engine/ops/convolution/choose.ts";
import { FORWARD } from "../../../../../core/engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../../../../../core/engine/ops/convolution/input_gradients.ts";
import type { ConvProblem } from "../../../../../core/engine/ops/convolution/problem.ts";
import { WEIGHT_GRADIENTS } from "../../../../../core/engine/ops/convolution/weight_gradients.ts";

interface Given {
  readonly kernel: number;
  readonly batch?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly channels?: number;
  readonly outputs?: number;
  readonly group?: number;
  readonly size?: number;
}

function problem(given: Given): ConvProblem {
  const { kernel, batch = 8, stride = 1, dilation = 1, channels = 64, group = 1, size = 32 } =
    given;
  const { outputs = 64 } = given;
  const pad = Math.floor((kernel - 1) * dilation / 2);
  const out = Math.floor((size + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1;
  return {
    dtype: "float32",
    x: [batch, channels, size, size],
    w: [outputs, channels / group, kernel, kernel],
    y: [batch, outputs, out, out],
    attributes: {
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [dilation, dilation],
      group,
    },
  };
}

Deno.test("chooseFormulations() knows the usual layers, anywhere and on a CPU with blocks of 8", () => {
  const cases: [Given, anywhere: string, blocked: string][] = [
    [{ kernel: 3 }, "direct turned wide", "blocked blocked blocked"],
    [{ kernel: 3, size: 8 }, "direct turned wide", "blocked blocked blocked"],
    [{ kernel: 3, size: 4 }, "direct turned wide", "blocked blocked blocked"],
    [{ kernel: 3, size: 4, batch: 4 }, "direct turned wide", "direct turned wide"],
    [{ kernel: 3, stride: 2 }, "direct transposed wide", "blocked phases blocked"],
    [{ kernel: 3, stride: 2, size: 4 }, "direct transposed wide", "direct transposed wide"],
    [{ kernel: 3, dilation: 2 }, "direct turned taps", "blocked blocked taps"],
    [{ kernel: 3, size: 4, batch: 64 }, "direct turned wide", "blocked blocked blocked"],
    [{ kernel: 3, size: 1, batch: 4 }, "direct turned wide", "direct turned wide"],
    [{ kernel: 3, size: 1 }, "dense dense wide", "dense dense wide"],
    [{ kernel: 3, size: 1, batch: 64 }, "dense dense wide", "dense dense wide"],
    [{ kernel: 3, size: 2, batch: 64 }, "dense dense wide", "dense dense blocked"],
    [{ kernel: 3, size: 2, batch: 256 }, "dense dense dense", "dense dense dense"],
    [{ kernel: 3, size: 2 }, "dense dense wide", "dense dense wide"],
    [{ kernel: 3, size: 2, batch: 256, stride: 2 }, "dense dense wide", "dense dense wide"],
    [
      { kernel: 3, size: 3, stride: 3, batch: 64 },
      "gathered transposed wide",
      "gathered transposed wide",
    ],
    [
      { kernel: 3, size: 4, batch: 64, channels: 512, outputs: 512 },
      "direct turned wide",
      "winograd winograd winograd",
    ],
    [
      { kernel: 3, size: 8, batch: 64, channels: 256, outputs: 256 },
      "direct turned wide",
      "winograd winograd winograd",
    ],
    [
      { kernel: 3, size: 16, batch: 64, channels: 256, outputs: 256 },
      "direct turned wide",
      "blocked blocked blocked",
    ],
    [
      { kernel: 3, size: 4, batch: 16, channels: 512, outputs: 512 },
      "direct turned wide",
      "winograd winograd blocked",
    ],
    [
      { kernel: 3, size: 3, batch: 16, channels: 160, outputs: 160 },
      "direct turned wide",
      "winograd winograd blocked",
    ],
    [
      { kernel: 3, size: 3, batch: 32, channels: 256, outputs: 256 },
      "direct turned wide",
      "winograd winograd blocked",
    ],
    [
      { kernel: 3, size: 4, batch: 8, channels: 128, outputs: 128 },
      "direct turned wide",
      "winograd winograd blocked",
    ],
    [
      { kernel: 3, size: 4, batch: 8, channels: 120, outputs: 128 },
      "direct turned wide",
      "blocked blocked blocked",
    ],
    [
      { kernel: 3, size: 4, batch: 8, channels: 512, outputs: 512 },
      "direct turned wide",
      "direct turned wide",
    ],
    [
      { kernel: 3, size: 2, batch: 15, channels: 512, outputs: 512 },
      "direct turned wide",
      "direct turned wide",
    ],
    [
      { kernel: 3, size: 1, batch: 8, channels: 512, outputs: 512 },
      "dense dense wide",
      "dense dense wide",
    ],
    [
      { kernel: 3, size: 4, batch: 7, channels: 128, outputs: 128 },
      "direct turned wide",
      "direct turned wide",
    ],
    [
      { kernel: 3, size: 5, batch: 16, channels: 256, outputs: 256 },
      "direct turned wide",
      "blocked blocked blocked",
    ],
    [{ kernel: 1 }, "product product images", "blocked blocked images"],
    [{ kernel: 1, size: 4 }, "product product taps", "blocked blocked taps"],
    [{ kernel: 1, size: 4, batch: 4 }, "product product taps", "product product taps"],
    [{ kernel: 1, size: 4, batch: 64 }, "product product taps", "blocked blocked taps"],
    [{ kernel: 1, stride: 2 }, "direct transposed images", "blocked transposed images"],
    [{ kernel: 7, stride: 2, channels: 3 }, "direct transposed wide", "blocked transposed wide"],
    [{ kernel: 7, group: 64 }, "direct turned diagonals", "blocked blocked diagonals"],
    [{ kernel: 3, group: 64, stride: 2 }, "direct transposed wide", "blocked transposed wide"],
  ];
  for (const [given, anywhere, blocked] of cases) {
    for (const [block, expected] of [[1, anywhere], [8, blocked]] as const) {
      const { forward, inputGradient, weightGradient } = chooseFormulations(problem(given), block);
      const found = `${forward} ${inputGradient} ${weightGradient}`;
      assertEquals(found, expected, `${JSON.stringify(given)} in blocks of ${block}`);
    }
  }
});

Deno.test("chooseFormulations() leaves the gradient by the input to cuDNN on CUDA", () => {
  const cases: Given[] = [{ kernel: 3 }, { kernel: 1 }, { kernel: 3, size: 2 }, {
    kernel: 7,
    group: 64,
  }];
  for (const given of cases) {
    const chosen = withTarget({ provider: "cuda" }, () => chooseFormulations(problem(given), 1));
    assertEquals(chosen.inputGradient, "transposed");
  }
});

Deno.test("chooseFormulations() chooses only what suits", () => {
  for (const kernel of [1, 2, 3, 5]) {
    for (const stride of [1, 2, 3]) {
      for (const [channels, group] of [[3, 1], [16, 2], [64, 64], [20, 1]] as const) {
        for (const block of [1, 8, 16]) {
          for (const dilation of [1, 2]) {
            const given = problem({ kernel, stride, channels, group, dilation });
            const chosen = chooseFormulations(given, block);
            assertEquals(FORWARD[chosen.forward].suits(given, block), true);
            assertEquals(INPUT_GRADIENTS[chosen.inputGradient].suits(given, block), true);
            assertEquals(WEIGHT_GRADIENTS[chosen.weightGradient].suits(given, block), true);
          }
        }
      }
    }
  }
});
