/**
 * How tensors lie in memory between operators, where that is the graph's to choose.
 *
 * @module
 */
export { keepBlocked } from "./keep_blocked.ts";
