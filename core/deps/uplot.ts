/**
 * Charts of curves on a canvas.
 *
 * @module
 */
// Its package names CommonJS alone, which no browser runs; the same as a module lies beside it.
// @ts-types="npm:uplot@1.6.32"
export { default as uPlot } from "npm:uplot@1.6.32/dist/uPlot.esm.js";
