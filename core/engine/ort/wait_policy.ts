/**
 * What the threads of a session on the CPU do while they wait for work.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";

/**
 * The environment variable that chooses it, with the values of OpenMP's `OMP_WAIT_POLICY`: `active` spins, `passive`
 * sleeps.
 */
export const WAIT_VARIABLE = "GENVIEW_WAIT_POLICY";

/** Values of the variable, and what ONNX Runtime calls them. */
const ALLOWS_SPINNING: Readonly<Record<string, string>> = { active: "1", passive: "0" };

/** The variable's value, read without ever raising a permission prompt; undefined where it is not set or not readable. */
function readPolicy(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: WAIT_VARIABLE });
  return state === "granted" ? Deno.env.get(WAIT_VARIABLE) || undefined : undefined;
}

/**
 * Session configuration entries for the policy that `GENVIEW_WAIT_POLICY` names; none, which is to spin, without it.
 * Threads that spin take up the next operator at once, but also a core that another process may need.
 *
 * @throws {TypeError} if the variable names another policy
 */
export function waitPolicyEntries(): Readonly<Record<string, string>> {
  const policy = readPolicy();
  if (policy === undefined) return {};
  if (Object.hasOwn(ALLOWS_SPINNING, policy)) {
    return { "session.intra_op.allow_spinning": ALLOWS_SPINNING[policy]! };
  }
  throw new GenviewTypeError(
    `Cannot create a session: ${WAIT_VARIABLE} must be active or passive, found "${policy}"`,
  );
}
