import { assertThrows } from "@std/assert";
import type { MethodContext, MethodOutputs } from "../../../../core/method/method.ts";
import { graphOf, methodOf } from "../small_methods.ts";

/** A method whose code nobody has type checked. */
function untyped(build: (context: MethodContext) => object) {
  return () => graphOf(methodOf((context) => build(context) as MethodOutputs));
}

/** Options as an untyped plugin hands them over. */
const misspelt = (options: object): never => options as never;

/** What ends a method that is otherwise right. */
const outputs = ({ network, views, ops }: MethodContext) => {
  const embeddings = network()(views[0]!);
  return { loss: ops.reduceMean(embeddings), embeddings };
};

const BUILDS: Readonly<Record<string, (context: MethodContext) => object>> = {
  'Cannot make a network: its options have batchNormGroups, found groups; did you mean "batchNormGroups"?':
    (context) => context.network({}, misspelt({ groups: 2 })),
  'Cannot make "predictor": its options have frozen, found frozn; did you mean "frozen"?': (
    context,
  ) => context.head("predictor", [{ width: 4 }], misspelt({ frozn: context.step })),
  'Cannot make "prototypes": its options have frozen, found freeze; did you mean "frozen"?': (
    context,
  ) => context.prototypes("prototypes", 4, 10, misspelt({ freeze: context.step })),
  'Cannot make perceptron "projector", layer 1: layers have width, bias,': ({ network }) =>
    network({ projector: [{ width: 4 }, misspelt({ width: 4, activaton: "none" })] }),
  'found activaton; did you mean "activation"?': ({ encoder }) => ({
    apply: encoder("online").mlp("projector", [misspelt({ width: 4, activaton: "none" })]),
  }),
  'Cannot apply ops.reduceMean: its options have axis, axes, keepDims, found keepdims; did you mean "keepDims"?':
    ({ ops, views }) => ops.reduceMean(views[0]!, misspelt({ keepdims: true })),
  'Cannot apply losses.infoNce: its options have weights, temperature, negatives, found temprature; did you mean "temperature"?':
    (context) => {
      const { embeddings } = outputs(context);
      return context.losses.infoNce(embeddings, embeddings, misspelt({ temprature: 1 }));
    },
  'Cannot apply initializers.kaimingNormal: its options have fan, gain, found gian; did you mean "gain"?':
    ({ initializers }) => ({ draw: initializers.kaimingNormal(misspelt({ gian: 1 })) }),
  'its outputs have loss, embeddings, metrics, lossRange, found metric; did you mean "metrics"?': (
    context,
  ) => ({ ...outputs(context), metric: {} }),
};

for (const [message, build] of Object.entries(BUILDS)) {
  Deno.test(`a misspelt member is refused: ${message}`, () => {
    const method = untyped((context) => ({ ...outputs(context), ...build(context) }));
    assertThrows(method, TypeError, message);
  });
}

Deno.test("options that are left out or not given a value are no misspelt ones", () => {
  untyped((context) => {
    context.network({}, {});
    context.ops.softmax(context.views[0]!);
    context.ops.reduceMean(context.views[0]!, misspelt({ axes: undefined }));
    return outputs(context);
  })();
});
