import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InferenceSession, Tensor as OrtTensor } from "npm:onnxruntime-node@1.30.0";
import { join } from "node:path";
import { fromBinary, ModelProtoSchema } from "../../../core/deps/protobuf.ts";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { backbone } from "../../../core/backbones/registry.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { filled, formatType, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { CPU, DeviceTensor } from "../../../core/engine/ort/mod.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import {
  backboneStateDict,
  encodeBackbone,
  exportOnnx,
  exportSafetensors,
  parseFacts,
} from "../../../core/encoders/export_backbone.ts";
import { FeatureExtractor } from "../../../core/encoders/feature_extractor.ts";
import { openSafetensors, readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedParameter } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";
import { smallBackbone } from "../train/small_methods.ts";
import { inFolder } from "../../in_folder.ts";

const NORMALIZE = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** What a training run holds of a backbone and of a projector, which no export takes along. */
function modelOf(
  { apply }: Backbone,
  value: (name: string, type: Tensor) => Tensor = (name, { shape }) => hashedParameter(name, shape),
): Map<string, Tensor> {
  const scope = new Scope({ training: true });
  scope.enter("backbone", (inner) => apply(inner, input("images", "float32", [2, 3, 32, 32])));
  const model = new Map<string, Tensor>([["projector.fc0.weight", filled("float32", [2, 2], 1)]]);
  for (const [name, { value: { type } }] of scope.declarations) {
    const zeros = filled(type.dtype, type.shape, 0);
    model.set(name, type.dtype === "int64" ? zeros : value(name, zeros));
  }
  return model;
}

/** Bytes of images `[count,size,size,3]`, and the same normalised as `[count,3,size,size]`. */
function noiseImages(count: number, size: number) {
  const random = new RandomStream(0, "images");
  const pixels = size * size;
  const bytes = Uint8Array.from({ length: count * pixels * 3 }, () => random.integer(256));
  const normalized = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const channel = i % 3;
    const image = Math.floor(i / (3 * pixels));
    const at = (image * 3 + channel) * pixels + Math.floor(i / 3) % pixels;
    normalized[at] = (bytes[i]! / 255 - NORMALIZE.mean[channel]!) / NORMALIZE.std[channel]!;
  }
  return { images: tensor("uint8", [count, size, size, 3], bytes), normalized };
}

/** Node types and domains of an exported model. */
async function operatorsOf(path: string): Promise<{ types: Set<string>; domains: string[] }> {
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, await Deno.readFile(path));
  return {
    types: new Set(graph!.node.map(({ opType }) => opType)),
    domains: opsetImport.map(({ domain }) => domain),
  };
}

/** Parameters and statistics of a network in float32, with the statistics of real activations. */
function hashedModel(network: Backbone, size: number): Map<string, Tensor> {
  const scope = new Scope();
  network.apply(scope, input("images", "float32", [2, 3, size, size]));
  return new Map(
    [...scope.declarations].map(([key, { value }]) => [
      `backbone.${key}`,
      value.dtype === "int64"
        ? filled("int64", [], 0)
        : hashedParameter(`backbone.${key}`, value.shape),
    ]),
  );
}

const EXPORTED = [
  ["resnet18", 64, {}],
  ["resnet50", 32, { stem: "small" }],
  ["vit_tiny_patch16_224", 224, {}],
  ["convnext_tiny", 64, {}],
] as const;

for (const [name, size, options] of EXPORTED) {
  Deno.test(`exportOnnx() writes a ${name} that plain onnxruntime-node runs on any batch to the same features`, () =>
    inFolder(async (folder) => {
      const network = backbone(name, options);
      const model = hashedModel(network, size);
      const path = join(folder, "backbone.onnx");
      const facts = { backbone: network, size, normalize: NORMALIZE };
      await exportOnnx(path, model, facts);

      const { types, domains } = await operatorsOf(path);
      assertEquals(domains, [""]);
      if (name.startsWith("resnet")) {
        assertEquals(
          [...types].sort(),
          ["Add", "Conv", "GlobalAveragePool", "MaxPool", "Relu", "Reshape"]
            .filter((type) => type !== "MaxPool" || !("stem" in options)),
        );
      }
      const { images, normalized } = noiseImages(3, size);
      using stack = new DisposableStack();
      const weights = new Map(
        [...model].map(([key, value]) => [key, stack.use(DeviceTensor.from(value))]),
      );
      const running = { ...facts, batchSize: 3, device: CPU };
      using extractor = await FeatureExtractor.create(running, weights);
      const expected = await extractor.extract(images);
      assert(expected.data.some((value) => value !== 0));

      const session = await InferenceSession.create(path);
      assertEquals([session.inputNames, session.outputNames], [["images"], ["features"]]);
      for (const count of [1, 3]) {
        const some = normalized.slice(0, count * 3 * size * size);
        const { features } = await session.run({
          images: new OrtTensor("float32", some, [count, 3, size, size]),
        });
        assertEquals([...features!.dims], [count, network.width]);
        const error = relativeError(
          features!.data as Float32Array,
          expected.data.slice(0, count * network.width),
        );
        assert(error < 1e-4, `the features of ${count} differ by ${error} of their norm`);
      }
      await session.release();
    }));
}

Deno.test("exportOnnx() fixes the batch where one is asked for", () =>
  inFolder(async (folder) => {
    const path = join(folder, "backbone.onnx");
    const network = backbone("vit_tiny_patch16_224");
    const facts = { backbone: network, size: 32, normalize: NORMALIZE };
    await exportOnnx(path, hashedModel(network, 32), { ...facts, batchSize: 2 });
    const session = await InferenceSession.create(path);
    const run = (count: number) =>
      session.run({
        images: new OrtTensor("float32", noiseImages(count, 32).normalized, [count, 3, 32, 32]),
      });
    assertEquals([...(await run(2)).features!.dims], [2, 192]);
    await assertRejects(() => run(3), Error, "Got: 3 Expected: 2");
    await session.release();
    assertThrows(
      () => encodeBackbone(hashedModel(network, 32), { ...facts, batchSize: 0 }),
      RangeError,
      "the batch size must be a positive integer, found 0",
    );
  }));

Deno.test("exportSafetensors() says how torchvision and timm build what loads strictly", () =>
  inFolder(async (folder) => {
    const cases = [
      [
        "resnet18",
        { stem: "small" },
        "model = torchvision.models.resnet18(); model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False); " +
        "model.maxpool = torch.nn.Identity(); model.fc = torch.nn.Identity()",
      ],
      ["resnet18", {}, "model = torchvision.models.resnet18(); model.fc = torch.nn.Identity()"],
      [
        "mocov3_vit_small",
        {},
        'model = timm.create_model("vit_small_patch16_224", num_classes=0, img_size=32, num_heads=12)',
      ],
      ["convnext_tiny", {}, 'model = timm.create_model("convnext_tiny", num_classes=0)'],
    ] as const;
    for (const [i, [name, options, python]] of cases.entries()) {
      const network = backbone(name, options);
      const path = join(folder, `${i}.safetensors`);
      await exportSafetensors(path, hashedModel(network, 32), {
        backbone: network,
        size: 32,
        normalize: NORMALIZE,
      });
      using file = await openSafetensors(path);
      assertEquals(file.metadata["python"], python);
    }
  }));

Deno.test("exportOnnx() stores how images were normalised, and overwrites nothing", () =>
  inFolder(async (folder) => {
    const path = join(folder, "backbone.onnx");
    const model = modelOf(smallBackbone);
    const options = { backbone: smallBackbone, size: 8, batchSize: 1, normalize: NORMALIZE };
    await exportOnnx(path, model, options);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    assert(text.includes("0.485,0.456,0.406") && text.includes("0.229,0.224,0.225"));
    assert(!text.includes("projector"), "the projector stays out");
    await assertRejects(() => exportOnnx(path, model, options), Deno.errors.AlreadyExists);
  }));

Deno.test("encodeBackbone() names a tensor that is missing", () => {
  const model = modelOf(smallBackbone);
  model.delete("backbone.bn1.running_var");
  const options = { backbone: smallBackbone, size: 8, batchSize: 1, normalize: NORMALIZE };
  assertThrows(
    () => encodeBackbone(model, options),
    TypeError,
    'Cannot export the backbone: "bn1.running_var" (float32[10]) is missing',
  );
});

Deno.test("backboneStateDict() refuses a model without a backbone", () => {
  assertThrows(
    () => backboneStateDict(new Map([["projector.fc0.weight", filled("float32", [1], 1)]])),
    TypeError,
    'no tensor\'s name begins with "backbone.", found projector.fc0.weight',
  );
});

Deno.test("exportSafetensors() writes torchvision's resnet50 state dict, less the classifier", () =>
  inFolder(async (folder) => {
    const path = join(folder, "resnet50.safetensors");
    const resnet50 = backbone("resnet50");
    await exportSafetensors(path, modelOf(resnet50, (_, zeros) => zeros), {
      backbone: resnet50,
      size: 224,
      normalize: NORMALIZE,
    });
    const golden = new URL("../../../fixtures/golden/network_state_dicts.json", import.meta.url);
    const { networks } = JSON.parse(await Deno.readTextFile(golden));
    const expected = Object.entries<string>(networks.resnet50.entries)
      .filter(([name]) => !name.startsWith("fc.")).sort();
    using file = await openSafetensors(path);
    const found = file.names.map((name) => [name, formatType(file.type(name))]).sort();
    assertEquals(found, expected);
    assertEquals(found.length, 318);
    assertEquals(file.metadata["format"], "pt");
  }));

Deno.test("parseFacts() finds none in another program's file, or in a torn one", () => {
  const whole = { backbone: "resnet18", size: "32", mean: "0.4,0.5,0.6", std: "0.2,0.2,0.2" };
  assertEquals(parseFacts(whole)?.normalize.mean, [0.4, 0.5, 0.6]);
  for (
    const other of [
      { format: "pt" },
      { ...whole, size: "large" },
      { ...whole, std: "0,0,0" },
      { ...whole, mean: "0.5" },
    ]
  ) {
    assertEquals(parseFacts(other), undefined);
  }
});

Deno.test("exportSafetensors() keeps every value, and says what the backbone is", () =>
  inFolder(async (folder) => {
    const path = join(folder, "small.safetensors");
    const model = modelOf(smallBackbone);
    const facts = { backbone: smallBackbone, size: 8, normalize: NORMALIZE };
    await exportSafetensors(path, model, facts);
    const { tensors, metadata } = await readSafetensors(path);
    assertEquals(metadata["format"], "pt");
    assertEquals(parseFacts(metadata), {
      name: smallBackbone.name,
      size: 8,
      normalize: NORMALIZE,
    });
    assertEquals([...tensors].sort(), [...backboneStateDict(model)].sort());
    assertEquals(elementCount(tensors.get("conv1.weight")!.shape), 10 * 3 * 3 * 3);
    await assertRejects(() => exportSafetensors(path, model, facts), Deno.errors.AlreadyExists);
  }));
