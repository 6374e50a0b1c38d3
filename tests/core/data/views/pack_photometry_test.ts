import { assertEquals } from "@std/assert";
import { packPhotometry } from "../../../../core/data/views/pack_photometry.ts";
import { NO_JITTER } from "../../../../core/data/views/parameters.ts";
import { float32, int64 } from "../../../../core/engine/graph/tensor.ts";

Deno.test("packPhotometry() gives each parameter a tensor", () => {
  const packed = packPhotometry([
    { jitter: NO_JITTER, grayscale: true, blurSigma: 0, solarize: false },
    {
      jitter: {
        apply: true,
        order: [3, 1, 0, 2],
        brightness: 0.5,
        contrast: 1.25,
        saturation: 0.75,
        hue: -0.125,
      },
      grayscale: false,
      blurSigma: 1.5,
      solarize: true,
    },
  ]);
  assertEquals(packed, {
    brightness: float32([2], [1, 0.5]),
    contrast: float32([2], [1, 1.25]),
    saturation: float32([2], [1, 0.75]),
    hue: float32([2], [0, -0.125]),
    jitter_order: int64([2, 4], [0, 1, 2, 3, 3, 1, 0, 2]),
    jitter: float32([2], [0, 1]),
    grayscale: float32([2], [1, 0]),
    blur_sigma: float32([2], [0, 1.5]),
    solarize: float32([2], [0, 1]),
  });
});
