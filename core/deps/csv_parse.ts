/**
 * Records of CSV.
 *
 * @module
 */
export { CsvError, type Info, parse } from "npm:csv-parse@7.0.3/sync";
