import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bandsOf, bandsOfStage } from "../../../../core/studio/runs/expectations.ts";
import { explain, type Judged, NUMBERS } from "../../../../core/studio/runs/explanations.ts";
import { denoisingLossRange } from "../../../../core/unclip/training/denoising_loss.ts";

const RANGE = {
  random: [-0.25, 0.25],
  healthy: [-0.97, -0.6],
  collapsed: -1,
  note: "It starts near 0.",
} as const;

/** What is known of a run in its middle whose number has a value. */
function judged(value: number, others: Partial<Judged> = {}): Judged {
  return { value, first: 0.1, progress: 0.5, others: {}, ...others };
}

Deno.test("a loss is judged by the range of its method, at the point where the run is", () => {
  const verdictOf = (value: number, progress = 0.5) =>
    explain("loss", judged(value, { progress, lossRange: RANGE }))!.verdict;
  assertEquals(verdictOf(-0.8), "good");
  assertEquals(verdictOf(0.1, 0.02), "good");
  assertEquals(verdictOf(0.1), "watch");
  assertEquals(verdictOf(-0.999), "watch");
  assertEquals(verdictOf(NaN), "bad");
  const { healthy, advice } = explain("loss", judged(-0.999, { lossRange: RANGE }))!;
  assertStringIncludes(healthy, "-0.25 to 0.25");
  assertStringIncludes(healthy, "after collapse it is -1");
  assertStringIncludes(advice, "look at the spread");
  assertEquals(explain("loss", judged(3))!.verdict, "unknown");
});

Deno.test("a spread near 0 is a collapse, with what helps; one near that of uniform embeddings is good", () => {
  const of = (value: number) => explain("spread", judged(value, { uniformSpread: 0.25 }))!;
  assertEquals([0.24, 0.05, 0.001].map((value) => of(value).verdict), ["good", "watch", "bad"]);
  assertStringIncludes(of(0.001).advice, "it has collapsed");
  assertStringIncludes(of(0.001).advice, "--batch-size");
  assertEquals(bandsOf({ uniformSpread: 0.25, lossRange: RANGE }), [
    { metric: "loss", random: [-0.25, 0.25], healthy: [-0.97, -0.6], collapsed: -1 },
    { metric: "spread", healthy: [0.125, 0.25], collapsed: 0 },
  ]);
});

Deno.test("an accuracy is compared with that of the untrained network, waiting with the time of an epoch", () => {
  const knn = (value: number) => explain("knnTop1", judged(value))!.verdict;
  assertEquals([knn(0.4), knn(0.1)], ["good", "watch"]);
  const wait = (value: number) => explain("waitShare", judged(value))!;
  assertEquals([0.01, 0.2, 0.7].map((value) => wait(value).verdict), ["good", "watch", "bad"]);
  assertStringIncludes(wait(0.7).advice, "--loaders");
});

Deno.test("a stage of a generator is told what it should come to, and of no collapse", () => {
  const lossRange = denoisingLossRange([0.1, 0.3]);
  const of = (value: number, progress = 0.5) =>
    explain("unet/loss", judged(value, { progress, lossRange }))!;
  assertEquals(of(0.1).label, "Loss of the unet");
  assertEquals([0.1, 0.2].map((value) => of(value).verdict), ["good", "watch"]);
  assertEquals([of(0.2, 0.05).verdict, of(NaN).verdict], ["good", "bad"]);
  assertStringIncludes(of(0.2).healthy, "below 0.14");
  assertEquals(`${of(0.2).healthy} ${of(0.2).advice}`.includes("collapse"), false);
  assertEquals(bandsOfStage("unet/", { lossRange }), [
    { metric: "unet/loss", random: [0.8 * 0.2, 1.25 * 0.2], healthy: [0, 0.7 * 0.2] },
  ]);
  assertEquals(explain("autoencoder/loss", judged(3))!.verdict, "unknown");
  for (const name of ["somethingElse", "constructor", "unet/own"]) {
    const { label, what, verdict } = explain(name, judged(1))!;
    assertStringIncludes(`${label} ${what}`, "logs by itself");
    assertEquals(verdict, "unknown");
  }
  assertEquals(explain("epoch", judged(1)), undefined);
});

Deno.test("every number has its sentences, and advice where it is not well", () => {
  for (const name of Object.keys(NUMBERS)) {
    for (const value of [0, 0.5, 3, NaN]) {
      const { what, healthy, verdict, advice } = explain(
        name,
        judged(value, { lossRange: RANGE }),
      )!;
      for (const sentence of [what, healthy]) {
        assert(/^[A-Z].*\.$/.test(sentence), `${name}: ${sentence}`);
      }
      assertEquals(advice === "", verdict === "good" || verdict === "unknown", `${name} ${value}`);
    }
  }
});
