import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { checkAnswer } from "../../../../core/studio/actions/check_request.ts";
import type { JobRequest } from "../../../../core/studio/api/actions.ts";
import type { StudioContext } from "../../../../core/studio/studio_context.ts";
import { withContext } from "./studio_client.ts";

/** The options that are at fault, and what is said of them. */
async function faults(
  context: StudioContext,
  options: JobRequest["options"],
  more: Partial<JobRequest> = {},
): Promise<Record<string, string>> {
  const { problems } = await checkAnswer({ task: "train", options, ...more }, context);
  return Object.fromEntries(problems.map(({ option, text }) => [option, text]));
}

const FINE = { data: "photos", output: "runs/a", preset: "cifar", batchSize: 2 };

Deno.test("all that is wrong with options is found at once, each with its own option", () =>
  withContext(async (context) => {
    assertEquals(await faults(context, FINE), {});
    const found = await faults(context, {
      ...{ data: "photo", output: "../out", preset: "cifar", epochs: 0, stem: "big" },
      ...{ batchsize: 2, options: { projectorWidth: "wide", width: 1 }, seed: "1" },
    });
    assertEquals(Object.keys(found).sort(), [
      ...["batchsize", "data", "epochs", "options", "output", "seed", "stem"],
    ]);
    assertEquals(found["epochs"], "--epochs must be >= 1, found 0");
    assertStringIncludes(found["batchsize"]!, 'did you mean "--batch-size"?');
    assertStringIncludes(found["output"]!, "must be a path below the studio's root");
    assertStringIncludes(found["data"]!, "must be there");
    const { problems } = await checkAnswer(
      { task: "train", options: { ...FINE, options: { projectorWidth: "wide", width: 1 } } },
      context,
    );
    assertEquals(problems.map(({ text }) => text), [
      'options.width is not known: did you mean "options.projectorWidth"?',
      'options.projectorWidth must be integer, found "wide"',
    ]);
  }));

Deno.test("options that are wrong together are found as a training would find them", () =>
  withContext(async (context, root) => {
    const joint = async (more: JobRequest["options"]) => {
      const found = Object.entries(await faults(context, { ...FINE, ...more }));
      assertEquals(found.length, 1, JSON.stringify(found));
      return found[0]!;
    };
    assertStringIncludes((await joint({ vis: 4 })).join(), "vis,Cannot draw pairs");
    assertStringIncludes((await joint({ batchSize: 10, workers: 4 })).join(), "batchSize,Cannot");
    assertEquals((await joint({ backbone: "resnet19" }))[0], "");
    assertStringIncludes((await joint({ preset: "cifa" }))[1], 'the nearest is "cifar"');
    assertEquals((await joint({ method: "simsia" }))[0], "method");
    assertStringIncludes((await joint({ method: "https://example.com/m" }))[1], "fetches nothing");
    assertStringIncludes((await joint({ views: "simsian" }))[1], "simsian");
    assertStringIncludes((await joint({ resume: "latest" }))[1], "Cannot open the run");
    await Deno.mkdir(join(root, "runs/a"), { recursive: true });
    await Deno.writeTextFile(join(root, "runs/a/configuration.json"), "{}");
    assertStringIncludes((await joint({}))[1], "it holds one; resume it");
  }));

Deno.test("what a task writes stays below the root, whatever its name and whatever lies there", () =>
  withContext(async (context, root) => {
    await Deno.symlink(dirname(root), join(root, "out"));
    await Deno.symlink("/nowhere", join(root, "lost"));
    for (
      const output of [
        ...[
          "..",
          "../x",
          "a/../../x",
          "/etc/x",
          `${root}-x/y`,
          ".",
          "",
          "out/x",
          "lost",
          "a/./../../b",
        ],
        ...[".genview-studio/jobs/1", ".genview-trash/x", "a/.hidden", "a\0b", "x".repeat(5000)],
      ]
    ) {
      const found = await faults(context, { ...FINE, output });
      // An empty one is the task's own default, which lies below the root too.
      if (output === "") assertEquals(found, {});
      else assert("output" in found, `${JSON.stringify(output)}: ${JSON.stringify(found)}`);
    }
    // What no system has is not found, or a name that the task does not know.
    for (const name of ["x".repeat(5000), `${root}/photos/x/`.repeat(400)]) {
      const { data, method } = await faults(context, { ...FINE, data: name, method: name });
      assertStringIncludes(data!, "must be there");
      assertStringIncludes(method!, "Cannot");
    }
    const exports = { task: "export", positional: ["photos", "../x.onnx"] } as const;
    assertStringIncludes((await faults(context, {}, exports))["2"]!, "below the studio's root");
    const fine = await checkAnswer(
      { task: "train", options: { ...FINE, output: `${root}/b` } },
      context,
    );
    assertEquals(fine.problems, []);
  }));

Deno.test("the command line says all places whole, and quotes what a shell would change", () =>
  withContext(async (context, root) => {
    const name = `it's -- $(id) <b>`;
    await Deno.mkdir(join(root, name));
    const { command, problems } = await checkAnswer({
      task: "train",
      options: { ...FINE, data: name, output: "-runs/a", qualityEncoder: "convnext_base_w" },
    }, context);
    assertEquals(problems, []);
    assertEquals(
      command,
      `deno task train --preset cifar --output ${root}/-runs/a --data '${root}/it'\\''s -- $(id) <b>' ` +
        "--batch-size 2 --quality-encoder convnext_base_w",
    );
    // A default that is written to is said as well, so that the command does the same from any folder.
    const plain = await checkAnswer({ task: "train", options: { data: "emoji-google" } }, context);
    assertEquals(plain.command, `deno task train --output ${root}/runs/train --data emoji-google`);
  }));

Deno.test("words beside options are checked, and what is no request is refused", () =>
  withContext(async (context) => {
    const evaluate = { task: "evaluate" } as const;
    assertStringIncludes((await faults(context, {}, evaluate))["1"]!, "takes RUN");
    const both = { ...evaluate, positional: ["photos", "photos"] };
    assertStringIncludes((await faults(context, {}, both))["1"]!, "found photos photos");
    assertEquals(await faults(context, {}, { ...evaluate, positional: ["photos"] }), {});
    // Results are written into a run, and the page of a generator beside it.
    const outside = { positional: ["/"] };
    const below = "must lie below the studio's root";
    assertStringIncludes((await faults(context, {}, { ...evaluate, ...outside }))["1"]!, below);
    const show = { task: "generator", positional: ["show", "/"] } as const;
    assertStringIncludes((await faults(context, {}, show))["2"]!, below);
    const device = await faults(context, { ...FINE, device: "gpu" });
    assertStringIncludes(device["device"]!, 'cuda:N or webgpu, found "gpu"');
    for (
      const body of [
        ...[null, 1, "train", [], {}, { task: "train" }, { task: "demo", options: {} }],
        ...[{ task: "train", options: [] }, { task: "train", options: {}, shell: true }],
        { task: "train", options: {}, positional: [1] },
      ]
    ) await assertRejects(() => checkAnswer(body, context), TypeError, "Cannot take the request");
    const hostile = JSON.parse(
      '{"task":"train","options":{"__proto__":{"output":"/x"},"constructor":1}}',
    );
    assertEquals(Object.keys(await faults(context, hostile.options)).sort(), [
      "__proto__",
      "constructor",
    ]);
  }));
