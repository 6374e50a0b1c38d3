/**
 * Principal component analysis.
 *
 * @module
 */
export { PCA } from "npm:ml-pca@4.1.1";
