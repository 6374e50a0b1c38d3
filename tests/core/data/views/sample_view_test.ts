import { assert, assertEquals } from "@std/assert";
import { jitter } from "../../../../core/data/views/steps/jitter.ts";
import { mocoV2View, mocoV3ResNetViews } from "../../../../core/data/views/presets.ts";
import { sampleView } from "../../../../core/data/views/sample_view.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

Deno.test("sampleView() draws the same view from the same stream", () => {
  const draw = (view: number) =>
    sampleView(mocoV2View(), 500, 375, new RandomStream(3, "view", 1, 2, view));
  assertEquals(draw(0), draw(0));
  assert(JSON.stringify(draw(0)) !== JSON.stringify(draw(1)));
});

Deno.test("sampleView() applies each step as often as its probability says", () => {
  const counts = { flip: 0, jitter: 0, grayscale: 0, blur: 0, solarize: 0 };
  const draws = 4000;
  for (let i = 0; i < draws; i++) {
    const view = sampleView(mocoV3ResNetViews()[1], 500, 375, new RandomStream(4, i));
    if (view.flip) counts.flip++;
    if (view.jitter.apply) counts.jitter++;
    if (view.grayscale) counts.grayscale++;
    if (view.blur > 0) counts.blur++;
    if (view.solarize) counts.solarize++;
    assert(view.blur === 0 || (view.blur >= 0.1 && view.blur < 2));
  }
  const expected = { flip: 0.5, jitter: 0.8, grayscale: 0.2, blur: 0.1, solarize: 0.2 };
  for (const [step, probability] of Object.entries(expected)) {
    const error = Math.sqrt(draws * probability * (1 - probability));
    const found = counts[step as keyof typeof counts];
    assert(Math.abs(found - draws * probability) < 5 * error, `${step}: ${found}`);
  }
});

Deno.test("sampleView() leaves out the steps that a recipe does not have", () => {
  const { size, crop, flip, normalize } = mocoV2View();
  for (let i = 0; i < 50; i++) {
    const view = sampleView({ size, crop, flip, normalize }, 500, 375, new RandomStream(5, i));
    assertEquals(view.jitter, jitter.none);
    assertEquals([view.grayscale, view.blur, view.solarize], [false, 0, false]);
  }
});
