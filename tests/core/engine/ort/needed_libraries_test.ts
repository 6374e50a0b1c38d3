import { assert, assertEquals, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { adviseOnLibraries } from "../../../../core/engine/ort/cuda_libraries.ts";
import { packagedLibrary } from "../../../../core/engine/ort/library.ts";
import { canLoad, neededLibraries } from "../../../../core/engine/ort/needed_libraries.ts";

Deno.test({
  name: "neededLibraries() reads the table of a shared library of Linux",
  ignore: Deno.build.os !== "linux",
  fn() {
    const names = neededLibraries(fileURLToPath(packagedLibrary()!));
    assert(names.includes("libc.so.6") && names.includes("libstdc++.so.6"), names.join());
    assert(canLoad("libc.so.6") && !canLoad("libnowhere.so.13"));
  },
});

Deno.test("neededLibraries() finds none in a file that is no library, and says that one is missing", () => {
  assertEquals(neededLibraries(fileURLToPath(import.meta.url)), []);
  assertThrows(() => neededLibraries("/nowhere/libx.so"), Deno.errors.NotFound);
});

Deno.test("adviseOnLibraries() names the packages of what is missing, and the driver", () => {
  const advice = adviseOnLibraries(["libcublasLt.so.13", "libcublas.so.13", "libcuda.so.1"], "13");
  assertEquals(
    advice,
    "install an NVIDIA driver, which brings libcuda.so.1; install libcublasLt.so.13, libcublas.so.13 by " +
      '"apt install libcublas-13-0" from NVIDIA\'s repository, or by "pip install nvidia-cublas" and the folders ' +
      "nvidia/*/lib of its packages in LD_LIBRARY_PATH",
  );
  assert(adviseOnLibraries(["libcudnn.so.9"], "12").includes("nvidia-cudnn-cu12"));
});
