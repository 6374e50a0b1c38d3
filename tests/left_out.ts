/**
 * Why tests on a device are left out.
 *
 * @module
 */
import type { checkDevice } from "../core/engine/ort/mod.ts";

/**
 * The end of a test's name that says why it is left out where a device cannot be used, without the folders of this machine; empty
 * where it can.
 *
 * @param what what is said before the reason
 */
export function leftOut(check: ReturnType<typeof checkDevice>, what = "left out"): string {
  return check.usable ? "" : ` (${what}: ${check.reason.replaceAll(/\S*\//g, "")})`;
}
