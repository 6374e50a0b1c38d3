import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { GenviewNotFound } from "../../../../core/errors/mod.ts";
import type { ViewsAnswer } from "../../../../core/studio/mod.ts";
import { inFolder } from "../../../in_folder.ts";
import { ask, openStudio } from "../server/open_studio.ts";
import { describeRun, drawPhotos } from "./picture_fixture.ts";

Deno.test("a studio shows pictures to who holds its token, of folders that were named beside its root", () =>
  inFolder(async (folder) => {
    const [root, photos] = [join(folder, "root"), join(folder, "photos")];
    await drawPhotos(photos);
    await describeRun(join(root, "run"), { data: photos });
    // A link to the folder is as good as its own name.
    await Deno.symlink(photos, join(folder, "link"));
    const studio = await openStudio(root, { dataFolders: [join(folder, "link")] });
    const views = await ask(studio, "/api/views?run=run&count=2");
    assertEquals(views.status, 200);
    const { samples }: ViewsAnswer = await views.json();
    const picture = await ask(studio, samples[0]!.original);
    const bytes = new Uint8Array(await picture.arrayBuffer());
    assertEquals(bytes.slice(1, 4), new TextEncoder().encode("PNG"));
    assertStringIncludes(picture.headers.get("cache-control")!, "private, max-age=");
    assertStringIncludes(picture.headers.get("content-security-policy")!, "default-src 'none'");
    const stranger = await ask(studio, samples[0]!.original, {
      headers: { authorization: "Bearer none" },
    });
    assertEquals([stranger.status, Object.keys(await stranger.json())], [403, ["error"]]);
    const missing = await openStudio(root, { dataFolders: [join(folder, "none")] }).catch((e) => e);
    assertEquals(missing instanceof GenviewNotFound, true);
  }));
