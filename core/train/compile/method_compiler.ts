/**
 * What compiles a method, wherever its code may run.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { LoadedMethod } from "../../method/load.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodFacts } from "../step/method_facts.ts";
import type { MethodStep } from "../step/method_step.ts";
import type { CompileRequest } from "./compile_request.ts";
import { compileMethodStep, drawWeights, inspectMethod } from "./compile_method.ts";

/** Compiles a method; everything that it gives is plain data. */
export interface MethodCompiler extends Disposable {
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
    [Symbol.dispose]() {},
  };
}

/** Opens the compiler of a method. */
export function openCompiler(method: LoadedMethod): MethodCompiler {
  return compilerHere(method);
}
