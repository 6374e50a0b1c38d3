import { assertEquals, assertRejects } from "@std/assert";
import { embeddedImageEncoder } from "../../../core/weights/embedded_generator.ts";
import { openTokenNetwork } from "../../../core/encoders/open_token_network.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { writeHashedFolder } from "../encoders/hashed_clip_folder.ts";

Deno.test("embeddedImageEncoder() is beside the code, or fetched once from where the code was imported", () =>
  withFolder(async (path) => {
    const beside = new URL(`file://${path("generator")}/`);
    await assertRejects(
      () => embeddedImageEncoder(beside),
      Deno.errors.NotFound,
      "name a network by its folder or file",
    );
    await writeHashedFolder(path("generator"));
    assertEquals(await embeddedImageEncoder(beside), path("generator/image_encoder"));

    const asked: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        const { pathname } = new URL(request.url);
        asked.push(pathname);
        if (!pathname.startsWith("/sdk/generator/")) return new Response(null, { status: 404 });
        return new Response(await Deno.readFile(path(pathname.slice("/sdk/".length))));
      },
    );
    const at = `http://127.0.0.1:${server.addr.port}`;
    const before = Deno.env.get("XDG_CACHE_HOME");
    Deno.env.set("XDG_CACHE_HOME", path("cache"));
    try {
      const generator = new URL(`${at}/sdk/generator/`);
      const model = await embeddedImageEncoder(generator);
      assertEquals((await openTokenNetwork({ model })).grid, [4, 4]);
      assertEquals([await embeddedImageEncoder(generator), asked.length], [model, 3]);
      await assertRejects(
        () => embeddedImageEncoder(new URL(`${at}/nowhere/`)),
        Deno.errors.NotFound,
        "the server answers 404",
      );
    } finally {
      if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
      else Deno.env.set("XDG_CACHE_HOME", before);
    }
  }));
