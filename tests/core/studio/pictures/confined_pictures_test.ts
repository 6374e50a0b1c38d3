import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { RandomStream } from "../../../../core/engine/random/mod.ts";
import type { VariationsAnswer, ViewsAnswer } from "../../../../core/studio/api/pictures.ts";
import { inFolder } from "../../../in_folder.ts";
import { describeRun, drawPhotos, openPictures } from "./picture_fixture.ts";

/** A PNG file whose header claims another height and width than its pixels have. */
function claimingSize(png: Uint8Array<ArrayBuffer>, side: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(png.buffer);
  // The header's chunk begins at byte 12 with its name; width and height follow, and behind it lies its checksum.
  view.setUint32(16, side);
  view.setUint32(20, side);
  view.setUint32(29, crc32(png.subarray(12, 29)));
  return png;
}

Deno.test("a run's data are shown only from the root and from folders that were named", () =>
  inFolder(async (folder) => {
    const [root, outside] = [join(folder, "root"), join(folder, "outside")];
    await drawPhotos(outside);
    await Deno.mkdir(root);
    await describeRun(join(root, "stranger"), { data: outside });
    await describeRun(join(root, "climber"), { data: `${root}/../outside` });
    await Deno.symlink(outside, join(root, "link"));
    await describeRun(join(root, "linked"), { data: join(root, "link") });
    await drawPhotos(join(root, "mixed"));
    await Deno.symlink(join(outside, "cats"), join(root, "mixed/cats/more"));
    await describeRun(join(root, "mixer"), { data: join(root, "mixed") });
    await Deno.writeTextFile(join(root, "list.txt"), `${outside}/cats/0.png 0\n`);
    await describeRun(join(root, "lister"), { data: join(root, "list.txt") });
    await describeRun(join(root, "patterned"), { data: `${outside}/{a,b}-*.tar` });
    const runs = ["stranger", "climber", "linked", "mixer", "lister", "patterned"];
    using studio = await openPictures(root);
    for (const run of runs) {
      for (const call of ["views", "neighbours", "map", "pairs"]) {
        const { status, json } = await studio.ask(`/api/${call}?run=${run}&count=4`);
        assert(
          status === 400 || status === 404,
          `${run} ${call} ${status} ${JSON.stringify(json)}`,
        );
      }
    }
    const { json } = await studio.ask("/api/views?run=stranger");
    assertStringIncludes(JSON.stringify(json), "below the studio's root");

    using permitted = await openPictures(root, [await Deno.realPath(outside)]);
    for (const run of ["stranger", "climber", "linked", "mixer"]) {
      const { samples } = await permitted.get<ViewsAnswer>(`/api/views?run=${run}&count=2`);
      assertEquals(samples.length, 2, run);
    }
  }));

Deno.test("links of a hostile run lead nowhere", () =>
  inFolder(async (folder) => {
    const [root, outside] = [join(folder, "root"), join(folder, "outside")];
    await drawPhotos(join(root, "photos"));
    await Deno.mkdir(outside);
    await describeRun(join(outside, "run"), { data: join(root, "photos") });
    await describeRun(join(root, "run"), { data: join(root, "photos") });
    await Deno.mkdir(join(root, "hostile"));
    await Deno.symlink(
      join(outside, "run/configuration.json"),
      join(root, "hostile/configuration.json"),
    );
    await Deno.symlink(outside, join(root, "run/checkpoints"));
    await Deno.symlink(outside, join(root, "run/pairs"));
    await Deno.symlink(outside, join(root, ".genview-studio"));
    using studio = await openPictures(root);
    for (
      const path of [
        "/api/views?run=hostile",
        "/api/views?run=..%2Foutside%2Frun",
        "/api/map?run=run",
        "/api/neighbours?run=run",
        "/api/pairs?run=run",
      ]
    ) {
      const { status } = await studio.ask(path);
      assertEquals(status, 400, path);
    }
    assertEquals([...Deno.readDirSync(outside)].map(({ name }) => name), ["run"]);
  }));

Deno.test("pictures that cannot be read are answered by 404, and others shown all the same", () =>
  inFolder(async (folder) => {
    const photos = join(folder, "photos");
    await drawPhotos(photos);
    await describeRun(join(folder, "run"), { data: photos, batchSize: 12 });
    using studio = await openPictures(folder);
    const { samples } = await studio.get<ViewsAnswer>("/api/views?run=run&count=3");
    const [damaged, huge, gone] = samples.map(({ key }) => join(photos, key)) as [
      string,
      string,
      string,
    ];
    await Deno.writeFile(damaged, (await Deno.readFile(damaged)).slice(0, 300));
    await Deno.writeFile(huge, claimingSize(await Deno.readFile(huge), 20_000));
    await Deno.remove(gone);
    for (const { original, key } of samples) {
      const { status, json } = await studio.ask(original);
      assertEquals(status, 404, key);
      assertStringIncludes(JSON.stringify(json), "Cannot read the image");
    }
    // Samples that cannot be read make room for others, as in training.
    const again = await studio.get<ViewsAnswer>("/api/views?run=run&count=3&epoch=0");
    assertEquals(again.samples.length, 3);
    const known = new Set(samples.map(({ key }) => key));
    assert(again.samples.every(({ key }) => !known.has(key)));
    for (const id of ["", "none", "..%2F..%2Fetc%2Fpasswd", "0".repeat(40), "%00"]) {
      const { status } = await studio.ask(`/api/picture?id=${id}`);
      assert(status === 404 || status === 400, `${id} ${status}`);
    }
  }));

Deno.test("configurations and counts beyond what is shown are refused", () =>
  inFolder(async (folder) => {
    await drawPhotos(join(folder, "photos"));
    await describeRun(join(folder, "large"), { data: join(folder, "photos"), imageSize: 4096 });
    await describeRun(join(folder, "run"), { data: join(folder, "photos") });
    await Deno.mkdir(join(folder, "broken"));
    await Deno.writeTextFile(
      join(folder, "broken/configuration.json"),
      '{"method":"a","configuration":{"epochs":"<b>"}}',
    );
    using studio = await openPictures(folder);
    for (
      const [path, expected] of [
        ["/api/views?run=large", 400],
        ["/api/views?run=broken", 400],
        ["/api/views?run=run&count=0", 400],
        ["/api/views?run=run&count=1.5", 400],
        ["/api/views?run=run&count=1e9", 400],
        ["/api/views?run=run&epoch=-1", 400],
        ["/api/views?run=run&epoch=1e30", 400],
        ["/api/views", 400],
        ["/api/views?run=none", 404],
        ["/api/map?run=run&count=3", 400],
        ["/api/pairs?run=run", 404],
        ["/api/neighbours?run=run", 404],
      ] as const
    ) {
      assertEquals((await studio.ask(path)).status, expected, path);
    }
  }));

Deno.test("variations that lie elsewhere, and pipes in place of files, are refused", () =>
  inFolder(async (folder) => {
    const [root, outside] = [join(folder, "root"), join(folder, "outside")];
    await drawPhotos(outside);
    await drawPhotos(join(root, "out/variations"));
    await Deno.symlink(join(outside, "cats/0.png"), join(root, "out/variations/link.png"));
    const manifest = join(root, "out/variations/manifest.jsonl");
    const line = (path: string) =>
      `${JSON.stringify({ path, source: "a.png", index: 0, level: 1 })}\n`;
    await Deno.writeTextFile(manifest, line("cats/0.png") + line("link.png"));
    using studio = await openPictures(root);
    const { images } = await studio.get<VariationsAnswer>("/api/variations?output=out");
    const [own, other] = images[0]!.variations;
    assertEquals((await studio.pixels(own!.picture)).width, 40);
    const { status, json } = await studio.ask(other!.picture);
    assertEquals(status, 404);
    assertStringIncludes(JSON.stringify(json), "outside of what the studio may read");
    await Deno.writeTextFile(manifest, line("../../../outside/cats/0.png"));
    assertEquals((await studio.ask("/api/variations?output=out")).status, 400);
    if (Deno.build.os === "windows") return;
    await Deno.remove(manifest);
    await Deno.mkdir(join(root, "piped"));
    const pipes = [manifest, join(root, "piped/configuration.json")];
    await new Deno.Command("mkfifo", { args: pipes }).output();
    assertEquals((await studio.ask("/api/variations?output=out")).status, 400);
    assertEquals((await studio.ask("/api/views?run=piped")).status, 400);
  }));

Deno.test("mutated calls are answered or refused, and none fails", () =>
  inFolder(async (root) => {
    await drawPhotos(join(root, "photos"));
    await describeRun(join(root, "run"), { data: join(root, "photos") });
    using studio = await openPictures(root);
    const random = new RandomStream(0, "mutations");
    const signs = [
      "%00",
      "..",
      "/",
      "%2F",
      "-",
      "1e9",
      "&",
      "=",
      "%F0",
      "%",
      "run",
      "\u{1F600}",
      "+",
      "[",
    ];
    const calls = ["views?run=run&count=1", "pairs?run=run", "neighbours?run=run&checkpoint=a"]
      .concat(["map?run=run&count=x", "masks?output=run", "variations?output=.", "picture?id=ab"]);
    const found = new Set<number>();
    for (let i = 0; i < 400; i++) {
      let call = calls[i % calls.length]!;
      const start = call.indexOf("?") + 1;
      for (let change = 0; change <= random.integer(3); change++) {
        const at = start + random.integer(call.length - start + 1);
        const sign = signs[random.integer(signs.length)]!;
        call = call.slice(0, at) + sign + call.slice(at + random.integer(3));
      }
      const { status } = await studio.ask(`/api/${call}`);
      assert([200, 400, 404].includes(status), `${call} ${status}`);
      found.add(status);
    }
    assertEquals([...found].toSorted(), [200, 400, 404]);
  }));
