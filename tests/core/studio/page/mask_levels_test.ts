import { assertAlmostEquals, assertEquals } from "@std/assert";
import { GENVIEW_NOISE_SCHEDULE, noiseLevel as libraryLevel } from "../../../../core/noise/mod.ts";
import {
  foregroundRatio,
  levelCounts,
  noiseLevel,
  shareAt,
} from "../../../../core/studio/page/mask_levels.ts";

const SCHEDULE = { bounds: [0.2, 0.4, 0.6, 0.8, 1], levels: [0, 100, 200, 300, 400] };

Deno.test("a token is foreground where its score is above the threshold", () => {
  assertEquals(foregroundRatio([0.1, 0.5, 0.6, 0.9], 0.5), 0.5);
  assertEquals(foregroundRatio([], 0.5), 0);
});

Deno.test("the page's levels are those of the library, at every ratio and at the edges", () => {
  for (let i = 0; i <= 100; i++) {
    assertEquals(noiseLevel(i / 100, SCHEDULE), libraryLevel(i / 100, GENVIEW_NOISE_SCHEDULE));
  }
});

Deno.test("shares lie between those that were counted", () => {
  const shares = [{ threshold: 0, share: 1 }, { threshold: 1, share: 0.5 }];
  assertAlmostEquals(shareAt(shares, 0.5), 0.75, 1e-12);
  assertEquals([shareAt(shares, -1), shareAt(shares, 2)], [1, 0.5]);
});

Deno.test("levels are counted over the images", () => {
  const image = (scores: number[]) =>
    ({ key: "", label: "", picture: "", grid: [1, 2], scores }) as const;
  const images = [image([0, 0]), image([1, 0]), image([1, 1])];
  assertEquals(levelCounts({ ...SCHEDULE, images }, 0.5), [1, 0, 1, 0, 1]);
});
