import { assertEquals, assertThrows } from "@std/assert";
import type { Value } from "../../../../core/engine/graph/value.ts";
import type { MethodContext, MethodOutputs } from "../../../../core/method/method.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import { buildMethodStep } from "../../../../core/train/step/method_step.ts";
import { graphOf, methodOf } from "../small_methods.ts";

/** The graph of a method whose outputs differ from good ones. */
function graphWith(
  change: (outputs: MethodOutputs, context: MethodContext) => Partial<Record<string, unknown>>,
) {
  return graphOf(methodOf((context) => {
    const { network, views, ops } = context;
    const embeddings = network()(views[0]!);
    const good = { loss: ops.reduceMean(embeddings), embeddings };
    return { ...good, ...change(good, context) } as MethodOutputs;
  }));
}

const range = { random: [0, 1], healthy: [-1, 0], collapsed: -1, note: "" };

Deno.test("a method's outputs may have metrics and a range of losses", () => {
  const { metrics, lossRange } = graphWith(({ loss }) => ({
    metrics: { own: loss },
    lossRange: range,
  }));
  assertEquals(Object.keys(metrics!), ["own"]);
  assertEquals(lossRange!.healthy, [-1, 0]);
});

const WRONG:
  readonly (readonly [what: string, ...Parameters<typeof graphWith>, message: string])[] = [
    ["a loss of integers", ({ loss }, { ops }) => ({
      loss: ops.cast(loss, "int64"),
    }), "its loss must be a scalar of floats, found int64[]"],
    ["embeddings of integers", ({ embeddings }, { ops }) => ({
      embeddings: ops.cast(embeddings, "int64"),
    }), "its embeddings must be [N,D] of floats, found int64[8,10]"],
    ["a number for a metric", () => ({
      metrics: { own: 3 },
    }), 'metric "own" must be a value of the graph, found number'],
    ["a metric for each sample", ({ embeddings }) => ({
      metrics: { own: embeddings },
    }), 'metric "own" must be a scalar, found float32[8,10]'],
    ["a metric that is true or false", ({ loss }, { ops }) => ({
      metrics: { own: ops.less(loss, 1) },
    }), 'metric "own" must be a scalar of floats, found bool[]'],
    ["a metric in the place of the loss", ({ loss }) => ({
      metrics: { loss },
    }), 'a metric must have a name of its own, found "loss"'],
    ["half a range of losses", () => ({
      lossRange: { random: [0, 1] },
    }), "lossRange must have required property 'healthy'"],
    ["a range whose end is no number", () => ({
      lossRange: { ...range, collapsed: NaN },
    }), "lossRange.collapsed must be"],
  ];

for (const [what, change, message] of WRONG) {
  Deno.test(`a method is refused that gives ${what}`, () => {
    assertThrows(() => graphWith(change), TypeError, message);
  });
}

Deno.test("a constraint must give what the parameter becomes", () => {
  const graph = graphOf(methodOf(({ network, views, encoder, constrain, initializers, ops }) => {
    const z = network()(views[0]!);
    const own = encoder("online").parameter("own", [1], initializers.constantInitializer(1));
    constrain(own, () => undefined as unknown as Value);
    return { loss: ops.reduceMean(ops.mul(z, own)), embeddings: z };
  }));
  assertThrows(
    () => buildMethodStep(graph, { optimizer: sgd() }),
    TypeError,
    'Cannot build method "small": the constraint on "own" must give a value of the graph, found undefined',
  );
});
