/**
 * What passes between this thread and the worker in which a method is compiled. Between the two stands a supervisor,
 * which runs no code of the method's: it can end a thread that loops, and says so when one ends by itself.
 *
 * @module
 */
import type { Manifest } from "../../../method/manifest.ts";
import type { CompileLimits } from "../compile_limits.ts";
import type { CompileRequest } from "../compile_request.ts";

/** What is asked of a method. */
export type Question = "inspect" | "weights" | "step";

/** A question on its way to the method's thread. */
export interface Asked {
  readonly id: number;
  readonly question: Question;
  readonly request: CompileRequest;
}

/** The method that a thread compiles. */
export interface ProgramData {
  /** Its manifest, which was checked before. */
  readonly manifest: Manifest;
  /** Address of its module. */
  readonly entry: string;
  /** Texts of its modules by their paths within its folder; imported from where it lies when left out. */
  readonly modules: ReadonlyMap<string, string> | undefined;
  readonly limits: Required<CompileLimits>;
}

/** What an error of the thread's becomes here. */
export interface Fault {
  /** Name of the error's class. */
  readonly kind: string;
  readonly message: string;
}

/** What the method's thread answers; nothing of it is believed before it is checked. */
export type Answer =
  | { readonly id: number; readonly value: unknown; readonly buffers: readonly ArrayBuffer[] }
  | { readonly id: number; readonly fault: Fault };

/** What this thread tells the supervisor. */
export type ToSupervisor =
  | { readonly kind: "start"; readonly program: string; readonly data: ProgramData }
  | { readonly kind: "ask"; readonly asked: Asked }
  | { readonly kind: "stop" };

/** What the supervisor tells this thread. */
export type FromSupervisor =
  | { readonly kind: "answer"; readonly answer: unknown }
  /** The thread ended by itself, or by an error that it did not answer with. */
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "stopped" };
