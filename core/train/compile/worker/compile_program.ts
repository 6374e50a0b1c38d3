/**
 * The program of the thread in which a method is compiled: imports the method's module, and answers questions on it with
 * plain data.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { limitNodes } from "../../../engine/graph/node.ts";
import type { Tensor } from "../../../engine/graph/tensor.ts";
import { GenviewTypeError, isGenviewError } from "../../../errors/mod.ts";
import { checkMethod, type LoadedMethod } from "../../../method/load.ts";
import { pluginError } from "../../../method/plugin_error.ts";
import { compileMethodStep, drawWeights, inspectMethod } from "../compile_method.ts";
import { METHOD_FOLDER, serveModules } from "./method_modules.ts";
import type { Answer, Asked, Fault, ProgramData, Question } from "./protocol.ts";
import { sealGlobals } from "./seal_globals.ts";

/** Milliseconds between looks at whether a question was cut short. */
const INTERVAL = 500;

/** What a question is answered with, and the buffers that it hands over. */
type Reply = readonly [value: unknown, buffers: ArrayBuffer[]];

const REPLIES: Readonly<
  Record<Question, (method: LoadedMethod, asked: Asked, elements: number) => Reply>
> = {
  inspect: (method, { request }, elements) => [inspectMethod(method, request, elements), []],
  weights: (method, { request }, elements) => {
    const weights: ReadonlyMap<string, Tensor> = drawWeights(method, request, elements);
    return [weights, [...weights.values()].map(({ data }) => data.buffer)];
  },
  step: (method, { request }, elements) => {
    const step = compileMethodStep(method, request, elements);
    const parts: readonly unknown[] = Object.values(step.built);
    const models = parts.filter((part): part is Uint8Array<ArrayBuffer> =>
      part instanceof Uint8Array
    );
    return [step, models.map(({ buffer }) => buffer)];
  },
};

/** The method whose module is at an address, under the manifest that was checked before. */
async function importMethod(
  { manifest, entry, modules }: ProgramData,
): Promise<LoadedMethod> {
  const action = `load plugin "${manifest.name}" of ${entry}`;
  let module: { readonly default?: unknown };
  const cause = modules === undefined ? (thrown: unknown) => thrown : serveModules(modules);
  try {
    module = await import(
      modules === undefined ? entry : new URL(manifest.entry, METHOD_FOLDER).href
    );
  } catch (thrown) {
    throw pluginError(action, cause(thrown));
  }
  const method = checkMethod(module.default, entry);
  if (method.manifest.name === manifest.name) return { ...method, manifest };
  throw new GenviewTypeError(
    `Cannot load plugin "${manifest.name}": its module is the method "${method.manifest.name}", ` +
      `found "${manifest.name}" in the manifest`,
  );
}

function faultOf(thrown: unknown): Fault {
  if (isGenviewError(thrown)) return { kind: thrown.name, message: thrown.message };
  // Of a plugin's code only its own errors come here; others are bugs of this library.
  const message = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
  return { kind: "Error", message };
}

function serve(data: ProgramData): void {
  const port = parentPort!;
  const send = port.postMessage.bind(port) as (answer: Answer, transfer: ArrayBuffer[]) => void;
  const { operations, elements, megabytes } = data.limits;
  // Where a question is answered nothing else is done; if a timer finds one open, its memory ran out, and it was cut short.
  let open: number | undefined;
  setInterval(() => {
    if (open === undefined) return;
    const message = `it took more memory than the ${megabytes} MB that it may`;
    send({ id: open, fault: { kind: "PluginError", message } }, []);
    open = undefined;
  }, INTERVAL);
  sealGlobals();
  const method = importMethod(data);
  method.catch(() => {
    // Whoever asks is told.
  });
  port.on("message", async (asked: Asked) => {
    const { id, question } = asked;
    try {
      limitNodes(operations);
      const imported = await method;
      open = id;
      const [value, buffers] = REPLIES[question](imported, asked, elements);
      const handed = [...new Set(buffers)];
      send({ id, value, buffers: handed }, handed);
    } catch (thrown) {
      send({ id, fault: faultOf(thrown) }, []);
    } finally {
      open = undefined;
    }
  });
}

/** Whether this module runs as a thread's program. */
function isProgramData(data: unknown): data is ProgramData {
  return typeof data === "object" && data !== null && "entry" in data && "limits" in data;
}

if (parentPort !== null && isProgramData(workerData)) serve(workerData);
