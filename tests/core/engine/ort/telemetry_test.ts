import { assertEquals } from "@std/assert";
import { denoFolder } from "../../../deno_folder.ts";
import { inFolder } from "../../../in_folder.ts";

const MODULE = import.meta.resolve("../../../../core/engine/ort/mod.ts");

/** Opens the library, and gives it time to write. */
const PROGRAM = `
import { ortVersion } from "${MODULE}";
console.log(ortVersion());
await new Promise((resolve) => setTimeout(resolve, 1000));
`;

Deno.test("ONNX Runtime keeps no identifier of the machine and no events, whatever the environment says", () =>
  inFolder(async (folder) => {
    const home = `${folder}/home`;
    await Deno.mkdir(home);
    await Deno.writeTextFile(`${folder}/program.ts`, PROGRAM);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "--no-prompt",
        "--allow-ffi",
        "--allow-read",
        "--allow-env",
        "program.ts",
      ],
      cwd: folder,
      env: {
        DENO_DIR: await denoFolder(),
        HOME: home,
        XDG_CACHE_HOME: home,
        ORT_DISABLE_TELEMETRY: "0",
      },
    }).output();
    assertEquals(success, true, new TextDecoder().decode(stderr));
    assertEquals(await Array.fromAsync(Deno.readDir(home)), []);
  }));
