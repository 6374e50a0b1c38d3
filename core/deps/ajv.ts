/**
 * Validation by JSON Schema.
 *
 * @module
 */
export { Ajv, type ErrorObject, type ValidateFunction } from "npm:ajv@8.20.0";
