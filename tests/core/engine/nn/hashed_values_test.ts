import { assertEquals } from "@std/assert";
import { hashedParameter, hashedTensor, sampledIndices } from "./hashed_values.ts";

// The numbers on the right are those of reference/hashed_values.py.
Deno.test("hashedTensor() gives the numbers of the reference program", () => {
  assertEquals([...hashedTensor("0/images", [2, 2]).data], [
    -0.912987470626831,
    0.4297257661819458,
    -0.22668516635894775,
    -0.34556329250335693,
  ]);
});

Deno.test("hashedParameter() gives the numbers of the reference program", () => {
  assertEquals([...hashedParameter("layer1.0.conv1.weight", [1, 2, 1, 2]).data], [
    1.015263557434082,
    -0.7378525137901306,
    -0.2753903865814209,
    1.0608160495758057,
  ]);
});

Deno.test("sampledIndices() gives the numbers of the reference program", () => {
  assertEquals(sampledIndices("fc.weight", 2_000_003, 4), [1981019, 288936, 1629796, 134675]);
  assertEquals(sampledIndices("fc.bias", 3, 4), [0, 1, 2]);
});
