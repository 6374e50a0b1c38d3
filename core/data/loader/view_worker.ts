/**
 * The program of a worker that prepares samples.
 *
 * @module
 */
import { UnreadableImageError } from "../decode/unreadable_image_error.ts";
import { type PreparedView, prepareSample, type SampleJob } from "./prepare_sample.ts";

/** A job on its way to a worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly job: SampleJob;
}

/** What a worker answers. */
export type WorkerAnswer =
  | { readonly id: number; readonly kind: "views"; readonly views: PreparedView[] }
  | {
    readonly id: number;
    readonly kind: "unreadable";
    readonly source: string;
    readonly reason: string;
  }
  | { readonly id: number; readonly kind: "failed"; readonly message: string };

interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer, transfer: Transferable[]): void;
}

function buffers(views: readonly PreparedView[]): ArrayBuffer[] {
  return views.flatMap(({ pixels, mask }) => mask ? [pixels.buffer, mask.buffer] : [pixels.buffer]);
}

async function answer({ id, job }: WorkerRequest): Promise<WorkerAnswer> {
  try {
    return { id, kind: "views", views: await prepareSample(job) };
  } catch (error) {
    if (error instanceof UnreadableImageError) {
      return { id, kind: "unreadable", source: error.source, reason: error.reason };
    }
    const message = error instanceof Error ? error.stack ?? error.message : String(error);
    return { id, kind: "failed", message };
  }
}

/** Whether this module runs as a worker's program, rather than being imported for its types. */
function isWorker(): boolean {
  return "WorkerGlobalScope" in globalThis;
}

if (isWorker()) {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = async (event) => {
    const reply = await answer(event.data);
    scope.postMessage(reply, reply.kind === "views" ? buffers(reply.views) : []);
  };
}
