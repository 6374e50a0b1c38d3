/**
 * Reports of training runs: pages of figures, tables and pictures that need no network.
 *
 * @module
 */
export {
  type Card,
  type Figure,
  formatReport,
  type Report,
  type Section,
  type Table,
  writeReport,
} from "./report.ts";
