/**
 * The program of a worker that computes for the studio what would keep its server from answering.
 *
 * @module
 */
import { backbone as backboneOf } from "../../backbones/registry.ts";
import type { BackboneOptions } from "../../backbones/backbone.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { input } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { isGenviewError } from "../../errors/mod.ts";
import {
  type FeatureNeighbors,
  layOutNeighbors,
  type LayoutOptions,
} from "../../evaluate/neighbor_layout.ts";

/** What a worker is asked for. */
export type BackgroundRequest =
  /** Initial values of a backbone, under the names of a run, such as `backbone.conv1.weight`. */
  | {
    readonly kind: "weights";
    readonly backbone: string;
    readonly options: BackboneOptions;
    readonly size: number;
    readonly seed: number;
  }
  /** A map by neighbours that are known. */
  | {
    readonly kind: "layout";
    readonly neighbors: FeatureNeighbors;
    readonly options: LayoutOptions;
  };

/** What each kind of request is answered by. */
export interface BackgroundResults {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly layout: Tensor<"float32">;
}

/** What a worker answers. */
export type BackgroundAnswer =
  | { readonly result: BackgroundResults[keyof BackgroundResults] }
  | { readonly error: string; readonly isGenview: boolean };

interface WorkerScope {
  onmessage: ((event: MessageEvent<BackgroundRequest>) => void) | null;
  postMessage(answer: BackgroundAnswer): void;
}

/**
 * Draws the values that a backbone begins with, as every run of the seed does: each depends on the seed and its name alone.
 *
 * @returns parameters and buffers by full name, such as `backbone.conv1.weight`
 */
export function drawBackbone(
  { backbone, options, size, seed }: Extract<BackgroundRequest, { kind: "weights" }>,
): ReadonlyMap<string, Tensor> {
  const scope = new Scope();
  const spec = backboneOf(backbone, options);
  scope.enter(
    "backbone",
    (inner) => void spec.apply(inner, input("images", "float32", [1, 3, size, size])),
  );
  return scope.initialize(seed);
}

async function answer(request: BackgroundRequest): Promise<BackgroundAnswer> {
  try {
    return {
      result: request.kind === "weights"
        ? drawBackbone(request)
        : await layOutNeighbors(request.neighbors, request.options),
    };
  } catch (error) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    return isGenviewError(error)
      ? { error: error.message, isGenview: true }
      : { error: text, isGenview: false };
  }
}

/** Whether this module runs as a worker's program, rather than being imported for its types. */
function isWorker(): boolean {
  return "WorkerGlobalScope" in globalThis;
}

if (isWorker()) {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = async (event) => scope.postMessage(await answer(event.data));
}
