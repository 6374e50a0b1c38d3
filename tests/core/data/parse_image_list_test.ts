import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseImageList } from "../../../core/data/parse_image_list.ts";

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

Deno.test("parseImageList() skips a byte order mark, and refuses labels of more than 32 bits", () => {
  assertEquals(parseImageList("\uFEFFa.jpg 1\r\nb.jpg 0\r\n"), [
    { path: "a.jpg", label: 1 },
    { path: "b.jpg", label: 0 },
  ]);
  assertThrows(
    () => parseImageList("a.jpg 2147483647\nb.jpg 2147483648\n"),
    SyntaxError,
    "line 2: its label must be at most 2147483647, found 2147483648",
  );
});

Deno.test("parseImageList() names ten malformed lines at most", () => {
  const error = assertThrows(() => parseImageList("a\tb\n".repeat(14)), SyntaxError);
  assertStringIncludes(error.message, "line 10: its label");
  assertStringIncludes(error.message, '"; and 4 more');
});

Deno.test("parseImageList() refuses two labels of one image, and takes the same one twice", () => {
  const repeated = parseImageList("a.jpg 1\nb.jpg 0\na.jpg\t1\n");
  assertEquals(repeated.map(({ label }) => label), [1, 0, 1]);
  assertThrows(
    () => parseImageList("# images\na.jpg 1\nb.jpg 0\na.jpg 2\n", "val.txt"),
    SyntaxError,
    'Cannot read the image list "val.txt": line 4: "a.jpg" must have one label, found 2, and 1 in line 2',
  );
});

Deno.test("parseImageList() wants labels on all lines or none", () => {
  assertThrows(
    () => parseImageList("a.jpg 1\nb.jpg\nc.jpg 2\nd.jpg\n"),
    SyntaxError,
    "all lines must have a label or none, found 2 without: 2, 4",
  );
});
