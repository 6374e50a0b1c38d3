/**
 * ONNX Runtime's real CUDA provider takes every node of the product's graphs, and copies nothing back within a run. It
 * runs on the stand-in for CUDA, where nothing is computed.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { input } from "../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../core/engine/onnx/encode_model.ts";
import { traceModel } from "../../../core/engine/onnx/model_trace.ts";
import { convTranspose } from "../../../core/engine/ops/conv_transpose.ts";
import { trialModel } from "../../../core/engine/ort/self_test/test_operators.ts";
import { presetOf, resolveConfiguration } from "../../../core/method/resolve_configuration.ts";
import { compileMethodStep } from "../../../core/train/compile/compile_method.ts";
import { buildStandIn } from "../../../support/cuda_stand_in/build.ts";
import { type Examination, examineModels } from "../../../support/cuda_stand_in/examine.ts";
import { importMethod } from "../../plugins/imported_method.ts";
import {
  encoderGraphs,
  evaluationGraphs,
  imageGraphs,
  type ProductGraph,
  trainingGraphs,
} from "../../product_graphs.ts";
import { unclipGraphs } from "../../unclip_graphs.ts";
import { FOLDER, NEEDED } from "./needed.ts";

/**
 * One of each kind: all of them are held against the table of kernels by `tests/product_graphs_test.ts`, and to load and
 * run them all would take ONNX Runtime many minutes.
 */
const SAMPLE =
  /^(simsiam|swav)'s preset demo|preset imagenet-vit|^fine-tuning by vit|probe|similarities|of (resnet18|convnext_tiny)|CLIP ViT-B-16 |photometry 0|pairs|covariance|unCLIP/;

/** Bytes of a table of places, by which a kernel finds the pieces that it joins or splits. */
const LARGEST_TABLE = 1024;

async function examined(
  graphs: readonly ProductGraph[],
  options?: { readonly run: boolean },
): Promise<[string, Examination][]> {
  const standIn = await buildStandIn(FOLDER);
  const models = graphs.filter(({ name }) => SAMPLE.test(name)).flatMap(({ name, build }) =>
    Object.entries(build({ provider: "cuda" })).map(([part, bytes]) =>
      [`${name}, ${part}`, bytes] as const
    )
  );
  assert(models.length > 0);
  return Object.entries(await examineModels(standIn, Object.fromEntries(models), options));
}

function checkRuns(found: readonly [string, Examination][]): void {
  for (const [name, { refused, launches, copies }] of found) {
    assertEquals(refused, undefined, name);
    assert(Object.keys(launches).length > 0, name);
    assertEquals(copies.fromDevice.count, 0, name);
    assert(copies.toDevice.bytes <= LARGEST_TABLE * copies.toDevice.count, name);
  }
}

Deno.test({
  name: `CUDA takes every node of training steps and copies none of their values${NEEDED.why}`,
  ignore: NEEDED.ignore,
  fn: async () =>
    checkRuns(
      await examined([
        ...await trainingGraphs("float32"),
        ...await trainingGraphs("float16"),
      ]),
    ),
});

Deno.test({
  name: `CUDA takes every node of evaluations, photometry and weights of pairs${NEEDED.why}`,
  ignore: NEEDED.ignore,
  fn: async () => checkRuns(await examined([...evaluationGraphs(), ...await imageGraphs()])),
});

Deno.test({
  name: `CUDA takes every node of encoders and Stable unCLIP, in float32 and float16${NEEDED.why}`,
  ignore: NEEDED.ignore,
  fn: async () => {
    const found = await examined([...encoderGraphs(), ...unclipGraphs()], { run: false });
    for (const [name, { refused }] of found) assertEquals(refused, undefined, name);
  },
});

Deno.test({
  name: `CUDA takes every node of what a device is tried by, in float32 and float16${NEEDED.why}`,
  ignore: NEEDED.ignore,
  fn: async () => {
    const trials = trialModel({ provider: "cuda", index: 0 });
    checkRuns(Object.entries(await examineModels(await buildStandIn(FOLDER), { trials })));
  },
});

Deno.test({
  name: `CUDA leaves a transposed convolution with uneven padding to the CPU${NEEDED.why}`,
  ignore: NEEDED.ignore,
  fn: async () => {
    const x = input("x", "float32", [1, 2, 4, 4]);
    const w = input("w", "float32", [2, 2, 3, 3]);
    const modelWith = (pads: readonly number[]) =>
      encodeModel({ outputs: { y: convTranspose(x, w, { strides: 2, pads }) } });
    const found = await examineModels(await buildStandIn(FOLDER), {
      even: modelWith([1, 1, 1, 1]),
      uneven: modelWith([1, 1, 0, 0]),
    });
    assertEquals(found.even!.refused, undefined);
    assertStringIncludes(found.uneven!.refused ?? "", "CPU");
  },
});

for (const precision of ["float32", "float16"] as const) {
  Deno.test({
    name:
      `CUDA takes every node of a step of several processes in ${precision} but their collectives${NEEDED.why}`,
    ignore: NEEDED.ignore,
    fn: async () => {
      const method = await importMethod("simsiam");
      const configuration = resolveConfiguration(presetOf(method.manifest, "demo"));
      const ranks = 2;
      const compiled = compileMethodStep(method, {
        configuration,
        viewSizes: [64, 64],
        tuning: { provider: "cuda" },
        ranks,
        precision,
        typed: true,
      });
      assert(compiled.kind === "whole");
      const { gradients } = compiled.built;
      const collective = traceModel(gradients).nodes.filter(({ does }) =>
        does.startsWith("genview ")
      );
      assert(collective.length > 0);
      const found = await examineModels(await buildStandIn(FOLDER), { gradients }, { ranks });
      const { refused, copies } = found.gradients!;
      assertEquals(refused, undefined);
      // Each brings its input to the host and its result back.
      assertEquals(copies.fromDevice.count, collective.length);
    },
  });
}

/** Files of tests that ask for CUDA, and for whose placement, bindings and launches no value need be computed. */
const ON_CUDA = [
  "core/engine/ort/cuda_graph_test.ts",
  "core/engine/ort/provider_options_test.ts",
  "core/engine/ort/resolve_device_test.ts",
  "core/train/device_placement_test.ts",
];

Deno.test({
  name: `what tests hold of devices, sessions and steps on CUDA holds${NEEDED.why}`,
  ignore: NEEDED.ignore,
  async fn() {
    const { libraries, runtime } = await buildStandIn(FOLDER);
    const log = await Deno.makeTempFile();
    try {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["test", "--no-check", "--allow-read", "--allow-write", "--allow-ffi", "--allow-env"],
          ...["--allow-sys", "--allow-run"],
          ...ON_CUDA.map((file) => new URL(`../../${file}`, import.meta.url).pathname),
        ],
        env: {
          NO_COLOR: "1",
          LD_LIBRARY_PATH: libraries,
          GENVIEW_ORT_LIBRARY: runtime,
          CUDA_STAND_IN_LOG: log,
        },
      }).output();
      const text = new TextDecoder();
      const said = text.decode(stdout);
      assertEquals(code, 0, said + text.decode(stderr));
      const held = [
        "launched whole",
        "on cuda:0 ... ok",
        "hands options to CUDA",
        "CUDA's first device where it can be used ... ok",
      ];
      for (const name of held) {
        assertStringIncludes(said, name);
      }
      assert(!/on cuda:0 .*ignored|captured graph .*ignored/.test(said), said);
    } finally {
      await Deno.remove(log);
    }
  },
});
