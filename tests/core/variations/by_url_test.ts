import { assertEquals, assertStringIncludes } from "@std/assert";
import { serveRepository } from "../../served_repository.ts";
import { withModel } from "./variation_fixture.ts";

/** Variations of a list by two workers, as a user's own project would make them. */
const program = (address: string, path: (name: string) => string) => `
import { makeVariations } from "${address}core/variations/mod.ts";

const options = ${
  JSON.stringify({
    ...{ inputList: path("list.txt"), inputPrefix: path("images"), outputPrefix: path("out") },
    ...{ model: path("model"), numInferenceSteps: 2, size: 0, workers: 2, retries: 0 },
    // Devices are looked for by a process, too.
    ...{ device: "auto", threads: 1, precision: "float32" },
  })
};
console.log(JSON.stringify(await makeVariations(options)));
`;

Deno.test("makeVariations() is imported by URL from an empty project, and so are its workers", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 0\nbig dogs/0.png 200\n");
    await using served = serveRepository();
    await Deno.mkdir(path("project"));
    await Deno.writeTextFile(path("project/main.ts"), program(served.address, path));
    await Deno.writeTextFile(path("project/deno.json"), "{}");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", `--allow-import=${served.host}`, "--allow-read", "--allow-write"],
        ...["--allow-ffi", "--allow-env", "--allow-sys", "--allow-run", "main.ts"],
      ],
      cwd: path("project"),
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    const { total, made, failed } = JSON.parse(text.decode(stdout));
    assertEquals([total, made, failed], [2, 2, 0]);
    for (const name of ["/core/variations/worker.ts", "/core/distributed/print_devices.ts"]) {
      assertStringIncludes(served.asked.join("\n"), name);
    }
  }));
