/**
 * A folder with photos, variations and tiny runs, and a studio that shows pictures of them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { backbone } from "../../../../core/backbones/mod.ts";
import { Hono } from "../../../../core/deps/hono.ts";
import { sharp } from "../../../../core/deps/sharp.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { RandomStream } from "../../../../core/engine/random/mod.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../../core/method/resolve_configuration.ts";
import { pictureRoutes } from "../../../../core/studio/pictures/picture_routes.ts";
import { ConfinedPaths } from "../../../../core/studio/server/confined_paths.ts";
import { answerOf } from "../../../../core/studio/server/error_answer.ts";
import { pretrain } from "../../../../core/train/mod.ts";
import { writeDescription } from "../../../../core/train/run/run_description.ts";
import { writeNpy } from "../../../../core/weights/npy.ts";
import { writeSafetensors } from "../../../../core/weights/safetensors.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";

/** Photos of each class. */
export const EACH = 6;

/** Height and width of a view. */
export const SIZE = 32;

/** A photo of noise around a colour. */
async function drawPhoto(path: string, seed: number, color: number): Promise<void> {
  const random = new RandomStream(seed, "photo");
  const data = Uint8Array.from(
    { length: 40 * 36 * 3 },
    (_, i) => (i % 3 === color ? 170 : 60) + random.integer(80),
  );
  await sharp(data, { raw: { width: 40, height: 36, channels: 3 } }).png().toFile(path);
}

/** Draws `EACH` photos of `cats` and of `dogs` below a folder. */
export async function drawPhotos(folder: string, shift = 0): Promise<void> {
  for (const [color, name] of ["cats", "dogs"].entries()) {
    await Deno.mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < EACH; i++) {
      await drawPhoto(join(folder, name, `${i}.png`), shift + 10 * color + i, color);
    }
  }
}

/** Writes a vision transformer of random weights for small images, and a direction of its tokens. */
export async function writeEncoder(
  folder: string,
): Promise<{ readonly model: string; readonly component: string }> {
  const [model, component] = [join(folder, "tokens.safetensors"), join(folder, "component.npy")];
  const scope = new Scope();
  backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 64, 64]));
  await writeSafetensors(model, scope.initialize(0));
  const random = new RandomStream(0, "component");
  const direction = Float32Array.from({ length: 192 }, () => random.normal());
  await writeNpy(component, float32([192, 1], direction));
  return { model, component };
}

/** Trains a run of two epochs of three steps of four photos each. */
export async function trainTiny(
  output: string,
  data: string,
  changes: PartialConfiguration = {},
): Promise<void> {
  await pretrain({
    output,
    preset: "cifar",
    configuration: {
      ...{ data, backbone: "clip_vit_tiny_patch8_64", stem: "imagenet", imageSize: SIZE },
      ...{ epochs: 2, batchSize: 4, device: "cpu", loaders: 1, checkpointEvery: 1 },
      keepCheckpoints: 2,
      options: { projectorWidth: 16, projectorLayers: 2, predictorWidth: 8 },
      ...changes,
    },
  }, { methods: bundledMethods });
}

/** Describes a run that took no step. */
export async function describeRun(folder: string, changes: PartialConfiguration): Promise<void> {
  const configuration = resolveConfiguration({
    ...{ backbone: "clip_vit_tiny_patch8_64", imageSize: SIZE, views: "small" },
    ...changes,
  });
  await writeDescription(folder, { method: "simsiam", configuration });
}

/** What a call is answered by. */
export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** Calls of a studio. */
export interface PictureStudio extends Disposable {
  /** The answer of a call as JSON. */
  ask(path: string, signal?: AbortSignal): Promise<Answer>;
  /** The answer of a call that must succeed. */
  get<T>(path: string): Promise<T>;
  /** The pixels of a picture that an answer has named: 8-bit RGB. */
  pixels(address: string): Promise<{ width: number; height: number; data: Uint8Array }>;
}

/** Opens a studio below a folder, without a server. */
export async function openPictures(
  root: string,
  dataFolders: readonly string[] = [],
): Promise<PictureStudio> {
  const paths = await ConfinedPaths.open(root);
  const ending = new AbortController();
  const context = {
    root: paths.root,
    dataFolders,
    resolve: (path: string) => paths.resolve(path),
    resolveNew: (path: string) => paths.resolveNew(path),
    signal: ending.signal,
  };
  const bugs: unknown[] = [];
  const app = new Hono();
  app.route("/", pictureRoutes(context));
  app.onError((error, c) => {
    const { status, error: text } = answerOf(error);
    if (status === 500) bugs.push(error);
    return c.json({ error: text }, status);
  });
  const fetch = async (path: string, signal?: AbortSignal) =>
    await app.fetch(new Request(`http://127.0.0.1${path}`, signal ? { signal } : {}));
  const ask = async (path: string, signal?: AbortSignal) => {
    const answer = await fetch(path, signal);
    const json: unknown = await answer.json();
    if (answer.status === 500 && !signal?.aborted) throw bugs.at(-1);
    return { status: answer.status, json };
  };
  return {
    ask,
    async get<T>(path: string) {
      const { status, json } = await ask(path);
      assertEquals(status, 200, JSON.stringify(json));
      return json as T;
    },
    async pixels(address) {
      const answer = await fetch(address);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      assertEquals(answer.status, 200, new TextDecoder().decode(bytes));
      assertEquals(answer.headers.get("content-type"), "image/png");
      const { data, info } = await sharp(bytes).removeAlpha().toColourspace("srgb").raw()
        .toBuffer({ resolveWithObject: true });
      return { width: info.width, height: info.height, data: new Uint8Array(data) };
    },
    [Symbol.dispose]: () => ending.abort(),
  };
}
