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
import { PluginError, pluginError } from "../../../method/plugin_error.ts";
import { compileMethodStep, drawWeights, inspectMethod } from "../compile_method.ts";
import { METHOD_FOLDER, serveModules } from "./method_modules.ts";
import type { Answer, Asked, Fault, ProgramData, Question } from "./protocol.ts";
import { runWithin } from "./run_within.ts";
import { sealGlobals } from "./seal_globals.ts";

/** Milliseconds between looks at whether a method's code was cut short. */
const INTERVAL = 500;

/** Runs a method's code. */
type Run = <T>(code: () => T) => T;

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
  run: Run,
): Promise<LoadedMethod> {
  const action = `load plugin "${manifest.name}" of ${entry}`;
  let candidate: unknown;
  const cause = modules === undefined ? (thrown: unknown) => thrown : serveModules(modules);
  try {
    const address = modules === undefined ? entry : new URL(manifest.entry, METHOD_FOLDER).href;
    // Its code runs when something of it is first read, and not before, unless it awaits something at its top level.
    const module: { readonly default?: unknown } = await import.defer(address);
    candidate = run(() => module.default);
  } catch (thrown) {
    throw pluginError(action, cause(thrown));
  }
  const method = checkMethod(candidate, entry);
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

/**
 * Runs a method's code within its limits of time and memory. Code whose memory runs out is cut short and throws nothing, and
 * neither does what called it; a timer then finds that it has not come to its end, as nothing else is done meanwhile.
 */
function limitedRun({ seconds, megabytes }: ProgramData["limits"]): {
  readonly run: Run;
  readonly cutShort: Promise<never>;
} {
  const cut = Promise.withResolvers<never>();
  cut.promise.catch(() => {
    // The answer to whoever asked carries it.
  });
  let running = false;
  setInterval(() => {
    if (!running) return;
    running = false;
    cut.reject(new PluginError(`it took more memory than the ${megabytes} MB that it may`));
  }, INTERVAL);
  const run: Run = (code) => {
    running = true;
    try {
      return runWithin(seconds, code);
    } finally {
      running = false;
    }
  };
  return { run, cutShort: cut.promise };
}

function serve(data: ProgramData): void {
  const port = parentPort!;
  const send = port.postMessage.bind(port) as (answer: Answer, transfer: ArrayBuffer[]) => void;
  const { operations, elements } = data.limits;
  const { run, cutShort } = limitedRun(data.limits);
  sealGlobals();
  const method = importMethod(data, run);
  method.catch(() => {
    // The answer to whoever asked carries it.
  });
  const replyTo = async (asked: Asked): Promise<Reply> => {
    const imported = await method;
    limitNodes(operations);
    return run(() => REPLIES[asked.question](imported, asked, elements));
  };
  port.on("message", async (asked: Asked) => {
    const { id } = asked;
    try {
      const [value, buffers] = await Promise.race([replyTo(asked), cutShort]);
      const handed = [...new Set(buffers)];
      send({ id, value, buffers: handed }, handed);
    } catch (thrown) {
      send({ id, fault: faultOf(thrown) }, []);
    }
  });
}

/** Whether this module runs as a thread's program. */
function isProgramData(data: unknown): data is ProgramData {
  return typeof data === "object" && data !== null && "entry" in data && "limits" in data;
}

if (parentPort !== null && isProgramData(workerData)) serve(workerData);
