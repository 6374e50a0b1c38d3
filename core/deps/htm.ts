/**
 * Markup of components as template literals, without a build step.
 *
 * @module
 */
export { default as htm } from "npm:htm@3.1.1";
