/**
 * The studio: a local page that shows runs, explains them and starts them. {@linkcode serveStudio} serves it on this machine
 * alone; {@linkcode createStudio} gives the same as a function from requests to answers. {@linkcode CALLS} lists all calls.
 *
 * @module
 */
export type { Affects, ObjectSchema, PropertySchema } from "../schema/schema.ts";
export type { KnownNames } from "../train/mod.ts";
export type { TaskForm, TaskForms } from "./actions/task_form.ts";
export type * from "./api/actions.ts";
export { type Call, CALLS } from "./api/calls.ts";
export type * from "./api/pictures.ts";
export type * from "./api/runs.ts";
export {
  createStudio,
  type OwnContext,
  type Studio,
  type StudioOptions,
} from "./server/create_studio.ts";
export { type ServedStudio, serveStudio, type ServeStudioOptions } from "./server/serve_studio.ts";
export type { ProgramCall, StudioContext, StudioRuns, TaskPrograms } from "./studio_context.ts";
