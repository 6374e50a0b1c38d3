import { assert, assertEquals } from "@std/assert";

const MODULE = import.meta.resolve("../../../../core/engine/ort/mod.ts");
const isLinux = Deno.build.os === "linux";

/** What a worker does before it answers with the version, by what the workers of a test have in common. */
const WORKERS = {
  // A driver of WebGPU keeps the library by itself: only where none is started does it matter who else does.
  "opened it": `
import { ortVersion } from "${MODULE}";
self.postMessage(ortVersion());
`,
  "computed on a device where that can be used": `
import { checkDevice, ortVersion, trialRun } from "${MODULE}";
const device = { provider: "webgpu", index: 0 };
if (checkDevice(device).usable) await trialRun(device);
self.postMessage(ortVersion());
`,
};

/** Workers, each of which ends before the next begins; then the libraries that the process has in memory. */
const PROGRAM = `
const versions = [];
for (let i = 0; i < 4; i++) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const worker = new Worker(Deno.args[0], { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  versions.push(await promise);
  worker.terminate();
  // A worker's libraries are closed soon after it has ended.
  await new Promise((resolve) => setTimeout(resolve, 500));
}
const maps = Deno.readTextFileSync("/proc/self/maps");
console.log(JSON.stringify({ versions, loaded: /libonnxruntime/.test(maps) }));
`;

for (const [what, worker] of Object.entries(WORKERS)) {
  Deno.test({
    name: `the library stays in memory when the workers that ${what} have ended`,
    ignore: !isLinux,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await Deno.writeTextFile(`${folder}/worker.ts`, worker);
        await Deno.writeTextFile(`${folder}/program.ts`, PROGRAM);
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "--quiet",
            "--no-check",
            "--no-prompt",
            // Deno lets nothing less read what a process has in memory.
            "--allow-all",
            `${folder}/program.ts`,
            new URL(`file://${folder}/worker.ts`).href,
          ],
        }).output();
        const text = new TextDecoder();
        assertEquals(code, 0, text.decode(stderr));
        const { versions, loaded } = JSON.parse(text.decode(stdout));
        assertEquals(versions.length, 4);
        assert(loaded, "the library was unloaded");
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
