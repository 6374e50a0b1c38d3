import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseClassList, readClassList } from "../../../core/data/class_list.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("parseClassList() takes synsets without their words, and other names whole or up to a tab", () => {
  const text = [
    "# of ImageNet",
    "n01440764 tench, Tinca tinca",
    "n01443537",
    "",
    "golden retriever\tsaid to be a dog",
    "n1 of another kind",
  ].join("\r\n");
  assertEquals(parseClassList(text), {
    name: "list",
    classes: ["n01440764", "n01443537", "golden retriever", "n1 of another kind"],
    lines: [2, 3, 5, 6],
  });
});

Deno.test("parseClassList() refuses a class in two lines, and a list of none", () => {
  assertThrows(
    () => parseClassList("cat\ndog\ncat\n", "animals.txt"),
    SyntaxError,
    'Cannot read the class list "animals.txt": each class must stand in one line, found "cat" in lines 1 and 3',
  );
  assertThrows(() => parseClassList("# none\n"), SyntaxError, "found none");
});

Deno.test("readClassList() names the list that is not there", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("two.txt"), "b\na\n");
    assertEquals((await readClassList(path("two.txt"))).classes, ["b", "a"]);
    await assertRejects(
      () => readClassList(path("none.txt")),
      Deno.errors.NotFound,
      `Cannot read the class list "${path("none.txt")}"`,
    );
  }));
