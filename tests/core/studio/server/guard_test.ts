import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../../../in_folder.ts";
import { ask, openStudio, ORIGIN, PORT } from "./open_studio.ts";

async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
}

Deno.test("the first address lets a browser in by a cookie that scripts and other sites do not get", async () => {
  await inFolder(async (root) => {
    const studio = await openStudio(root);
    const first = await studio.fetch(new Request(`${studio.address}&view=runs`));
    assertEquals(first.status, 303);
    assertEquals(first.headers.get("location"), "/?view=runs");
    const cookie = first.headers.get("set-cookie")!;
    assertEquals(cookie.split("; ").slice(1), ["HttpOnly", "SameSite=Strict", "Path=/"]);
    const [pair] = cookie.split(";");
    assertStringIncludes(pair!, `genview-studio-${PORT}=`);
    const headers = { cookie: `other=1; ${pair}` };
    const runs = new Request(`${ORIGIN}/api/runs`, { headers });
    assertEquals(await statusOf(studio.fetch(runs)), 200);
  });
});

Deno.test("without the token there is nothing, not even the page", async () => {
  await inFolder(async (root) => {
    const studio = await openStudio(root);
    const wrong = studio.token.replace(/^./, (first) => first === "A" ? "B" : "A");
    for (const path of ["/", "/page/main.ts", "/api/runs", "/nothing", `/?token=${wrong}`]) {
      assertEquals(await statusOf(studio.fetch(new Request(`${ORIGIN}${path}`))), 403, path);
    }
    for (const token of [wrong, "", studio.token.slice(1), `${studio.token}A`]) {
      const headers = {
        authorization: `Bearer ${token}`,
        cookie: `genview-studio-${PORT}=${token}`,
      };
      assertEquals(await statusOf(ask(studio, "/api/runs", { headers })), 403, token);
    }
    // The token is taken at the first address alone.
    const elsewhere = new Request(`${ORIGIN}/api/runs?token=${studio.token}`);
    assertEquals(await statusOf(studio.fetch(elsewhere)), 403);
  });
});

Deno.test("another name that leads to this machine is refused", async () => {
  await inFolder(async (root) => {
    const studio = await openStudio(root);
    const allowed = [`127.0.0.1:${PORT}`, `localhost:${PORT}`];
    for (
      const host of [...allowed, "evil.example", `evil.example:${PORT}`, "127.0.0.1", "127.0.0.1:1"]
    ) {
      const status = await statusOf(ask(studio, "/api/runs", { headers: { host } }));
      assertEquals(status, allowed.includes(host) ? 200 : 403, host);
    }
    const headers = { authorization: `Bearer ${studio.token}` };
    const rebound = new Request(`http://evil.example:${PORT}/api/runs`, { headers });
    assertEquals(await statusOf(studio.fetch(rebound)), 403);
  });
});

Deno.test("what changes something comes from the page itself, or from a program with the token", async () => {
  await inFolder(async (root) => {
    const studio = await openStudio(root);
    const cookie = `genview-studio-${PORT}=${studio.token}`;
    const bearer = `Bearer ${studio.token}`;
    const json = "application/json";
    async function post(headers: Record<string, string>): Promise<number> {
      const request = new Request(`${ORIGIN}/api/nothing`, { method: "POST", headers, body: "{}" });
      return await statusOf(studio.fetch(request));
    }
    // 404: it was let in, and there is no such call.
    assertEquals(await post({ cookie, origin: ORIGIN, "content-type": json }), 404);
    assertEquals(await post({ authorization: bearer, "content-type": json }), 404);
    assertEquals(await post({ cookie, "content-type": json }), 403);
    assertEquals(await post({ cookie, origin: "null", "content-type": json }), 403);
    assertEquals(await post({ cookie, origin: "http://127.0.0.1:1", "content-type": json }), 403);
    assertEquals(await post({ cookie, origin: "https://evil.example", "content-type": json }), 403);
    assertEquals(
      await post({ authorization: bearer, origin: "https://evil.example", "content-type": json }),
      403,
    );
    assertEquals(await post({ cookie, origin: ORIGIN, "content-type": "text/plain" }), 415);
    const crossSite = {
      cookie,
      origin: ORIGIN,
      "content-type": json,
      "sec-fetch-site": "same-site",
    };
    assertEquals(await post(crossSite), 403);
  });
});

Deno.test("bodies and addresses have a largest size, and methods are few", async () => {
  await inFolder(async (root) => {
    const studio = await openStudio(root);
    const headers = { "content-type": "application/json" };
    const body = "x".repeat((1 << 20) + 1);
    assertEquals(
      await statusOf(ask(studio, "/api/nothing", { method: "POST", headers, body })),
      413,
    );
    assertEquals(await statusOf(ask(studio, `/api/runs?x=${"x".repeat(9000)}`)), 414);
    assertEquals(await statusOf(ask(studio, "/api/runs", { method: "PUT" })), 400);
  });
});

Deno.test("every answer forbids all that the page does not need", async () => {
  await inFolder(async (root) => {
    const studio = await openStudio(root);
    const bare = new Request(`${ORIGIN}/`);
    const answers = [
      await ask(studio, "/api/runs"),
      await ask(studio, "/no"),
      await studio.fetch(bare),
    ];
    for (const { headers, body } of answers) {
      await body?.cancel();
      const policy = headers.get("content-security-policy")!;
      for (
        const part of [
          "default-src 'none'",
          "script-src 'self';",
          "frame-ancestors 'none'",
          "base-uri 'none'",
        ]
      ) {
        assertStringIncludes(policy, part);
      }
      assert(!policy.includes("unsafe"));
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      assertEquals(headers.get("referrer-policy"), "no-referrer");
      assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
      assertEquals(headers.get("access-control-allow-origin"), null);
    }
  });
});
