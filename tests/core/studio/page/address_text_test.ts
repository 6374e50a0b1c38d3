import { assertEquals } from "@std/assert";
import {
  joinNames,
  readAddress,
  splitNames,
  writeAddress,
} from "../../../../core/studio/page/address_text.ts";

Deno.test("an address leads back to what was written, whatever the names are", () => {
  const values = { run: "a/b & c#?=<i>%", search: 'loss<2 "knn top1">0.4', tab: "map" };
  assertEquals(readAddress(writeAddress({ view: "run", values })), { view: "run", values });
});

Deno.test("an empty address is that of all runs, and empty values are left out", () => {
  assertEquals(readAddress(""), { view: "runs", values: {} });
  assertEquals(readAddress("#/"), { view: "runs", values: {} });
  assertEquals(writeAddress({ view: "runs", values: { search: "" } }), "#/runs");
});

Deno.test("names with commas and backslashes stay apart", () => {
  for (const names of [["a,b", "c\\", "\\,"], ["a"], [], ["", "x"]]) {
    assertEquals(splitNames(joinNames(names)), names);
  }
});
