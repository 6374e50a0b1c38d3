import { assert, assertEquals } from "@std/assert";
import { datasetOf, evaluationView } from "../../../core/data/mod.ts";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { mapSection, nearestAgreement } from "../../../core/report/map_section.ts";

const COUNT = 12;

/** Plain images of two classes in turn. */
const IMAGES = datasetOf("plain", COUNT, (i) => ({
  key: String(i),
  label: i % 2,
  source: {
    kind: "rendered" as const,
    name: `${i}`,
    render: () => Promise.resolve({ width: 8, height: 8, data: new Uint8Array(192).fill(20 * i) }),
  },
}), ["even", "odd"]);

/** Features at an angle on a circle. */
function circle(angle: (i: number) => number, labels = (i: number) => i % 2) {
  const rows = Array.from({ length: COUNT }, (_, i) => i);
  const data = rows.flatMap((i) => [Math.cos(angle(i)), Math.sin(angle(i))]);
  return {
    ...{ features: float32([COUNT, 2], data), labels: Int32Array.from(rows, labels) },
    ...{ indices: rows, skipped: 0 },
  };
}

Deno.test("nearestAgreement() compares labels with those of the nearest points", () => {
  const points = float32([5, 2], [0, 0, 0, 1, 5, 0, 5, 1, 5, 0.9]);
  assertEquals(nearestAgreement(points, [0, 0, 1, 1, 0]), 2 / 5);
  assertEquals(nearestAgreement(points, [0, 0, 1, 1, -1]), 1);
  assertEquals(nearestAgreement(points, [-1, 0, -1, -1, -1]), undefined);
});

Deno.test("mapSection() draws a map for each network, with what lies beside its own class", async () => {
  const networks = [
    { name: "by class", features: circle((i) => (i % 2) * 2 + i * 0.01) },
    { name: "without labels", features: circle((i) => i * 0.01, () => -1) },
  ];
  const section = await mapSection(networks, IMAGES, evaluationView(8), { shown: 8 });
  const [first, second] = section.figures!;
  assert(first!.caption.startsWith("8 images of plain, by class. "), first!.caption);
  assert(first!.caption.includes("% lie beside one of their own class."), first!.caption);
  assertEquals(second!.caption, "8 images of plain, without labels.");
  assert("png" in first! && first.png.length > 200);
});
