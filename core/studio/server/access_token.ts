/**
 * The token by which the studio knows its own page: in the first address, then in a cookie.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Bytes of a token. */
const BYTES = 32;

/** A new token, in letters that an address may hold. */
export function newToken(): string {
  return randomBytes(BYTES).toString("base64url");
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Whether two tokens are the same, in a time that does not depend on where they differ. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

/** Name of the cookie of a server: browsers share cookies among the ports of a machine. */
export function cookieName(port: number): string {
  return `genview-studio-${port}`;
}

/** The header that sets the cookie, which scripts cannot read and other sites' requests do not carry. */
export function cookieHeader(port: number, token: string): string {
  return `${cookieName(port)}=${token}; HttpOnly; SameSite=Strict; Path=/`;
}

/** The token that a request brings, in its cookie or as a bearer's; undefined for none. */
export function tokenOf(headers: Headers, port: number): string | undefined {
  const bearer = bearerOf(headers);
  if (bearer !== undefined) return bearer;
  const start = `${cookieName(port)}=`;
  for (const part of (headers.get("cookie") ?? "").split(";")) {
    const pair = part.trim();
    if (pair.startsWith(start)) return pair.slice(start.length);
  }
  return undefined;
}

/** The token that a request brings in its `Authorization`; undefined for none. */
export function bearerOf(headers: Headers): string | undefined {
  return /^Bearer ([\w-]+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}
