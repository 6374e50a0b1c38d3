import { assert, assertEquals } from "@std/assert";
import { recognizeBackboneFile } from "../../../core/encoders/backbone_file.ts";
import { openBackboneWeights } from "../../../core/encoders/backbone_weights.ts";
import { isFloat } from "../../../core/engine/graph/dtype.ts";
import { formatType } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { openSafetensors, readSafetensors } from "../../../core/weights/safetensors.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";
import { runGraph } from "../../run_graph.ts";
import { LIBRARIES, NETWORKS, SIZE, writeExport } from "./exported_networks.ts";

const GOLDEN = new URL("../../../fixtures/golden/exported_backbones", import.meta.url).pathname;
const { exports } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
const { tensors: features } = await readSafetensors(`${GOLDEN}.safetensors`);

Deno.test("the golden holds every export", () => {
  const names = Object.keys(NETWORKS).flatMap((network) =>
    LIBRARIES.map((library) => `${network}.${library}`)
  );
  assertEquals(Object.keys(exports).sort(), names.sort());
});

for (const network of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[]) {
  for (const library of LIBRARIES) {
    Deno.test(`exportSafetensors() writes ${network} as ${library} loads it strictly, and reads it back`, () =>
      withFolder(async (path) => {
        const file = path("export.safetensors");
        await writeExport(file, network, library);
        const expected = exports[`${network}.${library}`];
        using opened = await openSafetensors(file);
        const types = opened.names.map((name) => [name, formatType(opened.type(name))]);
        assertEquals(types.sort(), Object.entries<string>(expected.entries).sort());
        assertEquals(opened.metadata["python"], expected.python);

        const [name] = NETWORKS[network];
        const { spec } = recognizeBackboneFile(opened, { action: "read it", backbone: name });
        const weights = await openBackboneWeights(file, spec, { size: SIZE });
        assertEquals([weights.missing, weights.unused], [[], []]);
        const images = input("images", "float32", [2, 3, SIZE, SIZE]);
        const floats = [...weights.tensors].filter(([, { dtype }]) => isFloat(dtype));
        const feeds = {
          ...Object.fromEntries(floats),
          images: hashedTensor("images", images.shape),
        };
        const made = await runGraph({ features: spec.apply(new Scope(), images) }, feeds);
        const reference = features.get(`${network}.${library}`)!;
        const error = relativeError(made.features!.data, reference.data);
        assert(error < 1e-4, `features differ by ${error} of their norm`);
      }));
  }
}
