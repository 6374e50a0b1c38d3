/**
 * What compiles a method, wherever its code may run.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { LoadedMethod, TrainableMethod } from "../../method/load.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodFacts } from "../step/method_facts.ts";
import type { MethodStep } from "../step/method_step.ts";
import type { CompileLimits } from "./compile_limits.ts";
import type { CompileRequest } from "./compile_request.ts";
import { compileMethodStep, drawWeights, inspectMethod } from "./compile_method.ts";
import { WorkerCompiler } from "./worker_compiler.ts";

/** Compiles a method; everything that it gives is plain data. */
export interface MethodCompiler extends AsyncDisposable {
  /** Builds the graph and says what is known of it. */
  inspect(request: CompileRequest): Promise<MethodFacts>;
  /** Initial values of all that is declared, by full name. */
  weights(request: CompileRequest): Promise<ReadonlyMap<string, Tensor>>;
  /** The training step. */
  step(request: CompileRequest): Promise<MethodStep | AccumulatedMethodStep>;
}

/** A compiler of a method that the caller's own code has imported: it runs where it is. */
function compilerHere(method: LoadedMethod): MethodCompiler {
  return {
    inspect: (request) => Promise.try(inspectMethod, method, request),
    weights: (request) => Promise.try(drawWeights, method, request),
    step: (request) => Promise.try(compileMethodStep, method, request),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Opens the compiler of a method: where it is, of one that the caller's own code has imported; in a worker without
 * permissions, of one that is known by its address.
 *
 * @param limits how much a method may take in a worker
 * @throws {TypeError} if Deno lets no worker have permissions of its own
 */
export function openCompiler(method: TrainableMethod, limits: CompileLimits = {}): MethodCompiler {
  return "build" in method ? compilerHere(method) : WorkerCompiler.open(method, limits);
}
