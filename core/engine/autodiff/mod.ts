/**
 * Gradients of graphs as graphs, and their check against finite differences.
 *
 * @module
 */
export {
  type Build,
  checkGradients,
  type CheckGradientsOptions,
  type Evaluate,
} from "./check_gradients.ts";
export { gradients, type GradientsOptions } from "./gradients.ts";
