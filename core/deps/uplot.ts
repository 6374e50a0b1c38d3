/**
 * Charts of curves on a canvas.
 *
 * @module
 */
export { default as uPlot } from "npm:uplot@1.6.32";
