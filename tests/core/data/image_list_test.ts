import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { openImageList, parseImageList } from "../../../core/data/image_list.ts";

Deno.test("parseImageList() reads paths and labels, with spaces and tabs", () => {
  const text = [
    "# a comment",
    "",
    "plain.jpg 3",
    "  two  words.jpg   12  ",
    "tab separated 7.jpg\t4",
    "photo 12\t5",
    "   ",
    "windows.jpg 6\r",
    "",
  ].join("\n");
  assertEquals(parseImageList(text), [
    { path: "plain.jpg", label: 3 },
    { path: "two  words.jpg", label: 12 },
    { path: "tab separated 7.jpg", label: 4 },
    { path: "photo 12", label: 5 },
    { path: "windows.jpg", label: 6 },
  ]);
});

Deno.test("parseImageList() reads paths without labels", () => {
  assertEquals(parseImageList("a b.jpg\nphoto 12\t\nc.png\n"), [
    { path: "a b.jpg" },
    { path: "photo 12" },
    { path: "c.png" },
  ]);
});

Deno.test("parseImageList() names every malformed line", () => {
  const error = assertThrows(
    () => parseImageList("ok.jpg 1\nbad.jpg\tcat\na\tb\t1\n\t3\n", "train.txt"),
    SyntaxError,
    'Cannot read the image list "train.txt"',
  );
  assertStringIncludes(
    error.message,
    'line 2: its label must be a whole number, found "cat"; ' +
      "line 3: it must have one tab at most, found 2; line 4: it must begin with a path, found none",
  );
});

Deno.test("parseImageList() wants labels on all lines or none", () => {
  assertThrows(
    () => parseImageList("a.jpg 1\nb.jpg\nc.jpg 2\nd.jpg\n"),
    SyntaxError,
    "all lines must have a label or none, found 2 without: 2, 4",
  );
});

Deno.test("openImageList() finds paths beside the list, elsewhere, or anywhere", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/list.txt`, "a b.jpg 1\n/absolute/c.jpg 0\n");
    const beside = await openImageList(`${folder}/list.txt`);
    assertEquals(beside.sample(0).key, "a b.jpg");
    assertEquals(beside.sample(0).label, 1);
    assertEquals(beside.sample(0).source.name, `${folder}/a b.jpg`);
    assertEquals(beside.sample(1).source.name, "/absolute/c.jpg");
    const elsewhere = await openImageList(`${folder}/list.txt`, { root: "/data" });
    assertEquals(elsewhere.sample(0).source.name, "/data/a b.jpg");
    await Deno.writeTextFile(`${folder}/empty.txt`, "# nothing\n");
    await assertRejects(
      () => openImageList(`${folder}/empty.txt`),
      TypeError,
      "it must name images, found none",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
