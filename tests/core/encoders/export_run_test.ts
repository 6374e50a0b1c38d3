import { assertEquals, assertRejects } from "@std/assert";
import { InferenceSession } from "npm:onnxruntime-node@1.30.0";
import { exportRun } from "../../../core/encoders/export_run.ts";
import { isGenviewError } from "../../../core/errors/mod.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { openSafetensors, readSafetensors } from "../../../core/weights/safetensors.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { saveRun } from "./saved_run.ts";

Deno.test("exportRun() writes what the file's ending says, of the newest checkpoint", () =>
  withFolder(async (path) => {
    await saveRun(path("run"));
    assertEquals(await exportRun(path("run"), path("a.safetensors")), {
      path: path("a.safetensors"),
      backbone: "resnet18",
      step: 5,
      passedOver: [],
    });
    const damaged = path("run/checkpoints/step-000000006");
    await Deno.mkdir(damaged);
    const { step, passedOver } = await exportRun(path("run"), path("b.safetensors"));
    assertEquals([step, passedOver.map((each) => each.path)], [5, [damaged]]);
    using file = await openSafetensors(path("a.safetensors"));
    assertEquals([file.names.length, file.metadata["size"]], [120, "32"]);
    await exportRun(path("run/checkpoints/step-000000005"), path("a.onnx"), { size: 48 });
    const session = await InferenceSession.create(path("a.onnx"));
    const [images] = session.inputMetadata;
    assertEquals(images?.isTensor && images.shape, ["batch", 3, 48, 48]);
    await session.release();
  }));

Deno.test("exportRun() writes the encoder that is asked for", () =>
  withFolder(async (path) => {
    await saveRun(path("run"), { momentum: true });
    const kernels = new Map<string, Tensor>();
    for (const encoder of ["online", "momentum"] as const) {
      const file = path(`${encoder}.safetensors`);
      await exportRun(path("run"), file, { encoder });
      const { tensors } = await readSafetensors(file);
      assertEquals(tensors.size, 120);
      kernels.set(encoder, tensors.get("conv1.weight")!);
    }
    const model = path("run/checkpoints/step-000000005/model.safetensors");
    const { tensors } = await readSafetensors(model);
    assertEquals(kernels.get("online"), tensors.get("backbone.conv1.weight"));
    assertEquals(kernels.get("momentum"), tensors.get("momentum_encoder.backbone.conv1.weight"));

    await saveRun(path("other"));
    await assertRejects(
      () => exportRun(path("other"), path("none.safetensors"), { encoder: "momentum" }),
      TypeError,
      'found only the online encoder, behind "backbone."',
    );
    await assertRejects(
      () => exportRun(path("run"), path("a.onnx"), { library: "timm" }),
      TypeError,
      "an ONNX model has no names of timm",
    );
    for (const options of [{ batchSize: 4 }, { size: 64 }]) {
      await assertRejects(
        () => exportRun(path("run"), path("sized.safetensors"), options),
        TypeError,
        "a state dict has neither a batch nor an image size",
      );
    }
  }));

Deno.test("exportRun() refuses in one line what cannot be written or read", () =>
  withFolder(async (path) => {
    await saveRun(path("run"));
    const cases = [
      [path("run"), path("a.pth"), "it must end in .onnx or .safetensors"],
      [path("run"), path("none/a.onnx"), "there is no such file or folder; check the path"],
      [path("run"), path("none/a.safetensors"), "there is no such file or folder; check the path"],
      [path("other"), path("a.onnx"), "there is no such folder; check the path"],
    ] as const;
    for (const [run, file, message] of cases) {
      const error = await assertRejects(() => exportRun(run, file), Error, message);
      assertEquals([isGenviewError(error), error.message.includes("\n")], [true, false]);
    }
    await exportRun(path("run"), path("a.safetensors"));
    await assertRejects(
      () => exportRun(path("run"), path("a.safetensors")),
      Deno.errors.AlreadyExists,
      "the name must be free",
    );
  }));
