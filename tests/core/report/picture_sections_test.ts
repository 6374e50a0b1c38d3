import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Dataset, datasetOf, evaluationView, smallImageView } from "../../../core/data/mod.ts";
import { viewsSection } from "../../../core/report/picture_sections.ts";

/** Plain images, each with a variation. */
function plain(count: number, varied: boolean): Dataset {
  const source = (name: string, level: number) => ({
    kind: "rendered" as const,
    name,
    render: () => Promise.resolve({ width: 16, height: 16, data: new Uint8Array(768).fill(level) }),
  });
  return datasetOf("plain", count, (i) => ({
    key: String(i),
    source: source(`${i}`, 20 * i),
    ...(varied && { variations: [source(`${i}/0`, 255 - 20 * i)] }),
  }));
}

const RECIPE = {
  ...smallImageView(16),
  rotation: { degrees: 20 },
  erasing: { probability: 1 },
};

Deno.test("viewsSection() shows images, their variations and their views with all steps", async () => {
  for (const varied of [false, true]) {
    const section = await viewsSection(plain(8, varied), [RECIPE, RECIPE], evaluationView(16), {
      seed: 1,
      samples: 4,
      ...(varied && { variations: { probability: 1 } }),
    });
    assertEquals(section.title, "Views");
    assertEquals(section.text!.includes("variation"), varied);
    assertEquals(section.figures!.length, 1);
    assert(section.figures![0]!.alt.includes("4 images with 2 views each"));
  }
});

Deno.test("viewsSection() needs as many samples as it shows", async () => {
  await assertRejects(
    () => viewsSection(plain(2, false), [RECIPE], evaluationView(16), { seed: 1, samples: 4 }),
    RangeError,
    "at least 4 samples, found 2",
  );
});
