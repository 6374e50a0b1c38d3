/**
 * Options described by JSON Schemas: checks of data from outside, and TypeScript types of what has passed them.
 *
 * @module
 */
export { checkMembers, type Members } from "./check_members.ts";
export { counted } from "./counted.ts";
export { nearestName } from "./nearest_name.ts";
export { optionName } from "./option_name.ts";
export {
  type Affects,
  type ObjectSchema,
  type PropertySchema,
  type Typed,
  type ValueOf,
  type ValuesOf,
} from "./schema.ts";
export {
  type Finding,
  findingsOf,
  formatFound,
  locatedFindings,
  type NameOfValue,
  validate,
} from "./validate.ts";
