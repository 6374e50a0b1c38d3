/**
 * An index of Python packages on this machine, and small wheels.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";

/** A zip archive whose entries are deflated. */
export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const table: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const [label, packed] = [new TextEncoder().encode(name), deflateRawSync(bytes)];
    // From "version needed to extract" to "extra field length", which local header and table share.
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(4, 8, true);
    common.setUint32(10, crc32(bytes), true);
    common.setUint32(14, packed.length, true);
    common.setUint32(18, bytes.length, true);
    common.setUint16(22, label.length, true);
    const fields = new Uint8Array(common.buffer);
    const local = [Uint8Array.of(0x50, 0x4b, 3, 4), fields, label, packed];
    const end = new Uint8Array(14);
    new DataView(end.buffer).setUint32(10, at, true);
    table.push(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), fields, end, label);
    parts.push(...local);
    at += local.reduce((sum, { length }) => sum + length, 0);
  }
  const size = table.reduce((sum, { length }) => sum + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x504b0506);
  end.setUint16(8, Object.keys(files).length, true);
  end.setUint16(10, Object.keys(files).length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, at, true);
  parts.push(...table, new Uint8Array(end.buffer));
  const archive = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    archive.set(part, place);
    place += part.length;
  }
  return archive;
}

/** How the index misbehaves. */
export interface Faults {
  /** Answers in HTML, as old mirrors do. */
  html?: boolean;
  /** A checksum that is not the wheel's. */
  wrongHash?: boolean;
  /** Ends the first answer with bytes of a wheel after so many. */
  cutAfter?: number;
  /** Gives the whole file whatever range is asked for. */
  ignoreRange?: boolean;
}

/** A server with the wheels of one package. */
export class FakeIndex implements AsyncDisposable {
  /** How it misbehaves; may be changed between requests. */
  readonly faults: Faults = {};
  /** Ranges that were asked of wheels, null where the whole was. */
  readonly ranges: (string | null)[] = [];
  readonly #wheels: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param wheels by their names */
  constructor(wheels: Readonly<Record<string, Uint8Array<ArrayBuffer>>>) {
    this.#wheels = wheels;
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
  }

  /** Address of the index. */
  get address(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/simple`;
  }

  /** Bytes of a wheel. */
  wheel(name: string): Uint8Array<ArrayBuffer> {
    return this.#wheels[name]!;
  }

  #digits(name: string): string {
    const hash = createHash("sha256").update(this.#wheels[name]!).digest("hex");
    return this.faults.wrongHash ? hash.replace(/^./, (first) => first === "0" ? "1" : "0") : hash;
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/simple/onnxruntime-gpu/") return this.#list();
    const wheel = this.#wheels[pathname.slice("/files/".length)];
    if (wheel === undefined) return new Response("no", { status: 404 });
    if (request.method === "HEAD") {
      return new Response(null, { headers: { "Content-Length": String(wheel.length) } });
    }
    const range = request.headers.get("Range");
    this.ranges.push(range);
    const start = this.faults.ignoreRange || range === null ? 0 : Number(/\d+/.exec(range)![0]);
    const end = this.faults.cutAfter ?? wheel.length;
    delete this.faults.cutAfter;
    const part = start === 0
      ? {}
      : { "Content-Range": `bytes ${start}-${wheel.length - 1}/${wheel.length}` };
    return new Response(wheel.subarray(start, end), {
      status: start === 0 ? 200 : 206,
      headers: part,
    });
  }

  #list(): Response {
    const names = Object.keys(this.#wheels);
    if (this.faults.html) {
      const links = names.map((name) =>
        `<a href="/files/${name}#sha256=${
          this.#digits(name)
        }" data-requires-python="&gt;=3.11">${name}</a>`
      );
      const text = `<!DOCTYPE html><html><body>${links.join("<br>\n")}</body></html>`;
      return new Response(text, { headers: { "Content-Type": "text/html" } });
    }
    const files = names.map((name) => ({
      ...{ filename: name, url: `../../files/${name}`, size: this.#wheels[name]!.length },
      ...{ hashes: { sha256: this.#digits(name) }, yanked: false },
    }));
    return new Response(JSON.stringify({ files }), {
      headers: { "Content-Type": "application/vnd.pypi.simple.v1+json" },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
