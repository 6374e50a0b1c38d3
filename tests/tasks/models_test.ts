import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ifThere } from "../../core/files/if_there.ts";
import { main } from "../../tasks/models.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { drawPictures } from "./square_pictures.ts";
import { readPublishedLayouts, writePublished } from "../core/encoders/published_checkpoints.ts";

/** What the task prints. */
async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    await main(args);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

const { checkpoints } = await readPublishedLayouts();

Deno.test("models list shows those that the words are about, and which are on this machine", () =>
  withFolder(async (path) => {
    const folders = ["--folder", path("here"), "--cache", path("cache")];
    await Deno.mkdir(path("here"));
    await Deno.writeTextFile(path("here/moco-v3-vit-s-300ep.pth.tar"), "");
    const lines = (await printed("list", "vit-s", ...folders)).split("\n");
    assertEquals(lines.length, 5);
    assertStringIncludes(lines[1]!, "genview-mocov3-vit-s-300e           74.5 %  MoCo v3");
    assertEquals(lines[4], `  ${path("here/moco-v3-vit-s-300ep.pth.tar")}`);
  }));

Deno.test("models show says what a file holds, in groups and one by one", () =>
  withFolder(async (path) => {
    const file = path("simsiam.safetensors");
    await writePublished(file, checkpoints.mmpretrain_simsiam!);
    const lines = (await printed("show", file)).split("\n");
    assertEquals(lines.slice(0, 6), [
      `${file}: mmpretrain: SimSiam`,
      "  backbone: resnet18, 512 features, images of 224 pixels",
      '  names: torchvision, timm or open_clip, behind "backbone."',
      "  used: 120 tensors",
      "  heads: 24 tensors",
      "    head.predictor.* (8)",
    ]);
    assertStringIncludes(lines.join("\n"), "    clip_model.visual.* (");
    const all = await printed("show", file, "--all");
    assertStringIncludes(all, "    head.predictor.fc1.bias is predictor.fc1.bias");
    const { used, heads } = JSON.parse(await printed("show", file, "--json"));
    assertEquals(used.length, 120);
    assertEquals(heads["neck.fc0.weight"], "projector.fc0.weight");
  }));

Deno.test("models pull prints where the file lies, and that nothing but its length was checked", () =>
  withFolder(async (path) => {
    const bytes = new Uint8Array(1000).fill(7);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ method }) =>
        new Response(method === "HEAD" ? null : bytes, { headers: { "Content-Length": "1000" } }),
    );
    const mine = {
      ...{ publisher: "me", method: "BYOL", backbone: "resnet18", epochs: 1, batchSize: 8 },
      linearTop1: 5,
      url: `http://127.0.0.1:${server.addr.port}/mine.pth`,
    };
    await Deno.writeTextFile(path("models.json"), JSON.stringify({ models: { mine } }));
    const warnings: string[] = [];
    const { error } = console;
    console.error = (line: string) => warnings.push(line);
    try {
      const out = await printed(
        "pull",
        "mine",
        "--config",
        path("models.json"),
        "--folder",
        path("here"),
      );
      assertEquals(out, path("here/mine.pth"));
    } finally {
      console.error = error;
    }
    await assertRejects(
      () =>
        main([
          ...["pull", "mine", "yours", "--config", path("models.json")],
          ...["--folder", path("elsewhere")],
        ]),
      TypeError,
      'Cannot find the model "yours"',
    );
    assertEquals(await ifThere(Deno.stat(path("elsewhere"))), undefined);
    assertEquals(warnings, ["mine: its publisher states no checksum; only its length was checked"]);
    assertEquals(await Deno.readFile(path("here/mine.pth")), bytes);
  }));

Deno.test("models eval judges a published model by the catalogue's recipe and statistics", () =>
  withFolder(async (path) => {
    await drawPictures(path("photos"));
    await writePublished(path("mine.safetensors"), checkpoints.authors_simsiam!);
    const model = {
      publisher: "me",
      method: "SimSiam",
      backbone: "resnet18",
      epochs: 100,
      batchSize: 512,
      linearTop1: 68.1,
      recipe: "moco-v2",
      url: "https://example.org/mine.safetensors",
    };
    const mine = async (facts: object) => {
      await Deno.writeTextFile(path("models.json"), JSON.stringify({ models: { mine: facts } }));
      return [
        "mine",
        "--config",
        path("models.json"),
        "--folder",
        path("."),
        "--train",
        path("photos"),
      ];
    };
    await assertRejects(
      async () => main(["eval", ...await mine(model)]),
      TypeError,
      "its publisher does not say how images are normalised; name --normalize imagenet",
    );
    const args = [...await mine({ ...model, normalize: "clip" }), "--image-size", "32"];
    const text = await printed("eval", ...args);
    assertStringIncludes(text, "probe moco-v2 (cached): ");
    assertStringIncludes(
      text,
      "published: 68.1 % top-1 of a linear probe (moco-v2) on ImageNet-1k",
    );
    const { results } = JSON.parse(await printed("eval", ...args, "--protocol", "knn", "--json"));
    assertEquals([results.length, results[0].checkpoint.epoch], [1, 100]);
  }));

Deno.test("models refuses actions and names that are not there", async () => {
  await assertRejects(() => main(["push"]), TypeError, 'list, pull, show, eval, found "push"');
  await assertRejects(() => main(["pull"]), TypeError, "at least one NAME must be given");
  await assertRejects(() => main(["show", "byol"]), TypeError, 'Cannot find the model "byol"');
});
