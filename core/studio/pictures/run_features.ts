/**
 * Features of images by the networks of a run: with its initial weights, and at its checkpoints.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { openBackboneWeights, weightsFileOf } from "../../encoders/backbone_weights.ts";
import { FeatureExtractor } from "../../encoders/feature_extractor.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { CPU, DeviceTensor } from "../../engine/ort/mod.ts";
import { GenviewSyntaxError, GenviewTypeError } from "../../errors/mod.ts";
import { addFile } from "../../files/checksum.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { configuredBackbone } from "../../train/run/run_plan.ts";
import { inBackground } from "./background.ts";
import type { PictureContext } from "./picture_context.ts";
import type { RecordedCheckpoint, RecordedRun } from "./recorded_run.ts";
import type { ShownImages } from "./shown_images.ts";

/** A network of a run. */
export interface RunNetwork {
  /** Name of its checkpoint, or {@linkcode INITIAL}. */
  readonly name: string;
  /** Whole epochs that were finished before. */
  readonly epoch: number;
  /** Tells its weights from others. */
  readonly digest: string;
  /** Reads or draws its weights, by full name, such as `backbone.conv1.weight`. */
  readonly weights: (signal: AbortSignal) => Promise<ReadonlyMap<string, Tensor>>;
}

/** Features of images by one network. */
export interface ImageFeatureRows {
  /** float32 `[N,D]`. */
  readonly features: Tensor<"float32">;
  /** Indices of the rows' images. */
  readonly indices: readonly number[];
}

/** Name of the network that a run starts with. */
export const INITIAL = "initial weights";

const BACKBONE = "backbone.";
const MODEL = "model.safetensors";

async function fileDigest(path: string): Promise<string> {
  using file = await explainingFileErrors(`read ${path}`, Deno.open(path));
  const hash = createHash("sha256");
  await addFile(hash, file);
  return hash.digest("hex");
}

/** The digest that a checkpoint's file of weights was written with; undefined of checkpoints from before it was kept. */
async function writtenDigest(folder: string): Promise<string | undefined> {
  const path = join(folder, "SHA256SUMS");
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
  return /^([0-9a-f]{64}) [ *]model\.safetensors$/m.exec(text ?? "")?.[1];
}

/** The backbone's tensors of a file, under the names of a run. */
async function backboneWeights(
  { configuration, recipes }: RecordedRun,
  path: string,
): Promise<ReadonlyMap<string, Tensor>> {
  const { size } = recipes[0]!;
  const { tensors } = await openBackboneWeights(path, configuredBackbone(configuration), { size });
  return new Map([...tensors].map(([name, value]) => [BACKBONE + name, value]));
}

/** The network of a checkpoint's file, which may be another run's. */
async function networkOfFile(
  run: RecordedRun,
  { name, epoch }: Pick<RunNetwork, "name" | "epoch">,
  path: string,
): Promise<RunNetwork> {
  const digest = await writtenDigest(dirname(path)) ?? await fileDigest(path);
  return {
    name,
    epoch,
    digest,
    async weights() {
      const found = await fileDigest(path);
      if (found === digest) return await backboneWeights(run, path);
      throw new GenviewSyntaxError(
        `Cannot show ${path}: it must have the SHA-256 ${digest}, found ${found}; its bytes have changed since it was written`,
      );
    },
  };
}

/** The network at a checkpoint of a run. */
export async function networkAt(
  run: RecordedRun,
  { name, path, state: { epoch } }: RecordedCheckpoint,
): Promise<RunNetwork> {
  return await networkOfFile(run, { name, epoch }, join(path, MODEL));
}

/** The network with the values that are drawn by the run's seed. */
function drawnNetwork({ configuration, recipes }: RecordedRun): RunNetwork {
  const { backbone, stem, zeroInitResidual, seed } = configuration;
  const { size } = recipes[0]!;
  const options = { stem, zeroInitResidual, imageSize: size };
  const facts = JSON.stringify([backbone, options, size, seed]);
  return {
    name: INITIAL,
    epoch: 0,
    digest: createHash("sha256").update(facts).digest("hex"),
    weights: (signal) => inBackground({ kind: "weights", backbone, options, size, seed }, signal),
  };
}

/**
 * The network that a run started with: values drawn by its seed, with those of the weights or the checkpoint that it started
 * from in their places.
 *
 * @throws {TypeError} if it started from a file that the studio may not read
 * @throws {Deno.errors.NotFound} if that file is there no more
 */
export async function initialNetwork(
  { files }: Pick<PictureContext, "files">,
  run: RecordedRun,
): Promise<RunNetwork> {
  const { from, startedFrom } = run.description;
  const drawn = drawnNetwork(run);
  const origin = startedFrom ?? from;
  if (origin === undefined) return drawn;
  const path = await files.path(await weightsFileOf(await files.path(origin)));
  const given = await networkOfFile(run, drawn, path);
  return {
    ...given,
    digest: `${given.digest} ${drawn.digest}`,
    weights: async (signal) =>
      new Map([...await drawn.weights(signal), ...await given.weights(signal)]),
  };
}

async function extract(
  { threads }: PictureContext,
  { configuration }: RecordedRun,
  network: RunNetwork,
  { recipe, batches: read }: ShownImages,
  signal: AbortSignal,
): Promise<ImageFeatureRows> {
  const { batches, indices } = await read();
  const weights = await network.weights(signal);
  signal.throwIfAborted();
  using owned = new DisposableStack();
  const placed = new Map(
    [...weights].map(([name, value]) => [name, owned.use(DeviceTensor.from(value))]),
  );
  const extractor = owned.use(
    await FeatureExtractor.create({
      backbone: configuredBackbone(configuration),
      size: recipe.size,
      normalize: recipe.normalize,
      batchSize: Math.max(...batches.map(({ shape }) => shape[0]!)),
      device: CPU,
      threads,
    }, placed),
  );
  const { width } = extractor;
  const data = new Float32Array(indices.length * width);
  let row = 0;
  for (const batch of batches) {
    signal.throwIfAborted();
    const { data: features, shape } = await extractor.extract(batch);
    data.set(features, row * width);
    row += shape[0]!;
  }
  return { features: tensor("float32", [indices.length, width], data), indices };
}

/** What is kept of features beside their numbers. */
interface CachedFeatures {
  readonly indices: readonly number[];
  readonly width: number;
}

/** Features of images by one network, as they were computed before, or now. */
async function featuresBy(
  context: PictureContext,
  run: RecordedRun,
  network: RunNetwork,
  images: ShownImages,
  { signal, anew }: { readonly signal: AbortSignal; readonly anew: boolean },
): Promise<ImageFeatureRows> {
  const key = `features ${network.digest} ${images.digest}`;
  const kept = anew ? undefined : await context.cache.get(key);
  if (kept !== undefined) {
    const { indices, width } = kept.facts as CachedFeatures;
    const data = new Float32Array(kept.bytes.buffer);
    return { features: tensor("float32", [indices.length, width], data), indices };
  }
  const rows = await extract(context, run, network, images, signal);
  const { features: { data, shape }, indices } = rows;
  const facts: CachedFeatures = { indices, width: shape[1]! };
  await context.cache.put(key, { facts, bytes: new Uint8Array(data.buffer) });
  return rows;
}

/** Features of the same images by several networks. */
export interface FeaturesOfNetworks {
  /** Indices of the rows' images. */
  readonly indices: readonly number[];
  /** float32 `[N,D]` of each network. */
  readonly features: readonly Tensor<"float32">[];
}

/**
 * Features of images by several networks of a run, each computed once for all calls.
 *
 * @throws {TypeError} if no image can be read, or a checkpoint is not of the run's backbone
 * @throws {SyntaxError} if a checkpoint is damaged
 */
export async function featuresOf(
  context: PictureContext,
  run: RecordedRun,
  networks: readonly RunNetwork[],
  images: ShownImages,
  signal: AbortSignal,
): Promise<FeaturesOfNetworks> {
  const all = async (anew: boolean) => {
    const rows: ImageFeatureRows[] = [];
    for (const network of networks) {
      rows.push(await featuresBy(context, run, network, images, { signal, anew }));
    }
    const [first] = rows.map(({ indices }) => indices);
    const isSame = rows.every(({ indices }) => indices.join() === first!.join());
    return isSame ? { indices: first!, features: rows.map(({ features }) => features) } : undefined;
  };
  // Images that could be read when one was computed, and cannot now.
  const found = await all(false) ?? await all(true);
  if (found !== undefined) return found;
  throw new GenviewTypeError(
    `Cannot compare networks of ${run.run}: its images must stay as they are meanwhile, found some that came or went`,
  );
}
