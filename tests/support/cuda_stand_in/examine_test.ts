import { assertEquals } from "@std/assert";
import { launchCount, readLog } from "../../../support/cuda_stand_in/examine.ts";
import { cudnnFunctions, librarySource } from "../../../support/cuda_stand_in/libraries.ts";

Deno.test("readLog() counts launches by name, and copies by kind", () => {
  const log = "launch relu\ncopy 1 16\nlaunch cublasGemmEx\nlaunch relu\ncopy 3 8\ncopy 3 4\n";
  const examination = readLog(log);
  assertEquals(examination.launches, { relu: 2, cublasGemmEx: 1 });
  assertEquals(launchCount(examination), 3);
  assertEquals(examination.copies, {
    toDevice: { count: 1, bytes: 16 },
    fromDevice: { count: 0, bytes: 0 },
    onDevice: { count: 2, bytes: 12 },
  });
});

Deno.test("a stand-in for a library counts what has the GPU compute something, and hands out what is made", () => {
  const functions = [
    "cublasSgemm_v2",
    "cublasSetStream_v2",
    "cublasCreate_v2",
    "cublasGetStatusName",
  ];
  const [, , , , product, stream, create, status] = librarySource({
    soname: "libcublas.so.13",
    functions,
  }).split("\n");
  assertEquals(
    product,
    'int cublasSgemm_v2(void) { standInSay("launch cublasSgemm_v2"); return 0; }',
  );
  assertEquals(stream, "int cublasSetStream_v2(void) { return 0; }");
  assertEquals(create, "int cublasCreate_v2(void **made) { *made = calloc(1, 4096); return 0; }");
  assertEquals(status, 'const char *cublasGetStatusName(int status) { return "stand-in"; }');
});

Deno.test("cudnnFunctions() finds whole names in a provider", () => {
  const text =
    "x\0cudnnCreate\0cudnnAddTensor\0not cudnnSetStream\0cudnn_ops\0cudnnCreate\0cudnnBad-name\0";
  assertEquals(cudnnFunctions(new TextEncoder().encode(text)), ["cudnnAddTensor", "cudnnCreate"]);
});
