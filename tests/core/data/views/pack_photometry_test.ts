import { assertEquals } from "@std/assert";
import { packPhotometry } from "../../../../core/data/views/pack_photometry.ts";
import { erasing } from "../../../../core/data/views/steps/erasing.ts";
import { jitter } from "../../../../core/data/views/steps/jitter.ts";
import { noiseErasing, type StepParameters } from "../../../../core/data/views/steps/mod.ts";
import { float32, int64 } from "../../../../core/engine/graph/tensor.ts";

const NONE: StepParameters = {
  rotation: 0,
  randAugment: [],
  noiseErasing: noiseErasing.none,
  jitter: jitter.none,
  grayscale: false,
  blur: 0,
  solarize: false,
  erasing: erasing.none,
};

Deno.test("packPhotometry() gives each parameter a tensor", () => {
  const packed = packPhotometry([
    { ...NONE, grayscale: true },
    {
      ...NONE,
      jitter: {
        apply: true,
        order: [3, 1, 0, 2],
        brightness: 0.5,
        contrast: 1.25,
        saturation: 0.75,
        hue: -0.125,
      },
      grayscale: false,
      blur: 1.5,
      solarize: true,
      erasing: { top: 1, left: 2, height: 3, width: 4 },
    },
  ]);
  assertEquals(packed, {
    brightness: float32([2], [1, 0.5]),
    contrast: float32([2], [1, 1.25]),
    saturation: float32([2], [1, 0.75]),
    hue: float32([2], [0, -0.125]),
    jitter_order: int64([2, 4], [0, 1, 2, 3, 3, 1, 0, 2]),
    grayscale: float32([2], [1, 0]),
    blur_sigma: float32([2], [0, 1.5]),
    solarize: float32([2], [0, 1]),
    erasing_top: float32([2], [0, 1]),
    erasing_bottom: float32([2], [0, 4]),
    erasing_left: float32([2], [0, 2]),
    erasing_right: float32([2], [0, 6]),
  });
});
