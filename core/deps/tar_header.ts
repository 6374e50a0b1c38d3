/**
 * The headers of tar archives, block by block, for archives that are read by position.
 *
 * @module
 */
export { Header } from "npm:tar@7.5.23/header";
export { Pax } from "npm:tar@7.5.23/pax";
