/**
 * What the studio's answers tell a browser not to do.
 *
 * @module
 */

/** Sources of the page: its own server alone, nothing inline. */
const POLICY: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data: blob:",
  "connect-src": "'self'",
  "worker-src": "'self'",
  "font-src": "'self'",
  "frame-src": "'self'",
  "frame-ancestors": "'none'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "object-src": "'none'",
};

function policyText(policy: Readonly<Record<string, string>>): string {
  return Object.entries(policy).map(([name, sources]) => `${name} ${sources}`).join("; ");
}

/** The content security policy of the page and of all calls. */
export const PAGE_POLICY: string = policyText(POLICY);

/**
 * The policy of a file of a run, which may be anybody's: no script, no form, no frame, nothing from elsewhere, and an
 * origin of its own.
 */
export const FILE_POLICY: string =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; " +
  "font-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/** Headers of every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": PAGE_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "SAMEORIGIN",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=()",
  "Cache-Control": "no-store",
};
