/**
 * Validation by JSON Schema.
 *
 * @module
 */
export { Ajv, type ErrorObject } from "npm:ajv@8.20.0";
