import { assertEquals } from "@std/assert";
import {
  generationListFormat,
  parseGenerationList,
} from "../../../core/variations/generation_list.ts";
import type { LevelLineOptions } from "../../../core/noise/mod.ts";

/** What is wrong with the lines of a list. */
async function problems(
  format: "csv" | "json-lines",
  text: string,
  options?: LevelLineOptions,
): Promise<string[]> {
  const { malformed } = await parseGenerationList(text, format, options);
  return malformed.map(({ line, problem }) => `${line}: ${problem}`);
}

Deno.test("parseGenerationList() reads the same rows from text, CSV and JSON lines", async () => {
  const text = await parseGenerationList("./a cat.jpg 100\ndog.jpg\n", "text", { level: 300 });
  const csv = await parseGenerationList(
    "\uFEFF level ,image\r\n100,./a cat.jpg\r\n\r\n,dog.jpg\r\n",
    "csv",
    { level: 300 },
  );
  const json = await parseGenerationList(
    '{"image": "./a cat.jpg", "level": 100}\n{"level": null, "image": "dog.jpg"}\n',
    "json-lines",
    { level: 300 },
  );
  for (const { rows, malformed } of [text, csv, json]) {
    assertEquals(malformed, []);
    assertEquals(rows.map(({ image, level }) => [image, level]), [["a cat.jpg", 100], [
      "dog.jpg",
      300,
    ]]);
  }
  assertEquals(csv.rows.map(({ line }) => line), [2, 4]);
});

Deno.test("parseGenerationList() reads GenView++'s CSV, as pandas writes it", async () => {
  const { rows } = await parseGenerationList(
    'image,prompt,guidance_scale,noise_level\na/0.jpg,"one, ""two""",8.0,100.0\na/1.jpg,,,\n',
    "csv",
  );
  assertEquals(rows, [
    { line: 2, image: "a/0.jpg", level: 100, prompt: 'one, "two"', guidanceScale: 8 },
    { line: 3, image: "a/1.jpg", level: 0 },
  ]);
});

Deno.test("an empty field of CSV says nothing, and an empty text of JSON is one", async () => {
  const [csv, json] = [
    await parseGenerationList('image,prompt\na.jpg,""\n', "csv"),
    await parseGenerationList('{"image":"a.jpg","prompt":""}\n', "json-lines"),
  ];
  assertEquals([csv.rows[0]!.prompt, json.rows[0]!.prompt], [undefined, ""]);
});

Deno.test("parseGenerationList() names line, column and rule of what is wrong with CSV", async () => {
  assertEquals(
    await problems(
      "csv",
      [
        "image,key,level,guidance_scale,variations",
        "a.jpg,,1000,,",
        "a.jpg,,0x10,,",
        "a.jpg,,1.5,,",
        "a.jpg,,,0.9,",
        "a.jpg,,,many,",
        "a.jpg,,,,0",
        "a.jpg,b,,,",
        ",,100,,",
        "a.jpg,,100",
        '"a',
        '.jpg",,,,',
        "fine.jpg,,,,",
        'a.jpg,,,,"1"2',
      ].join("\n"),
    ),
    [
      "2: column level must be <= 999, found 1000",
      '3: column level must be integer, found "0x10"',
      "4: column level must be integer, found 1.5",
      "5: column guidance_scale must be >= 1, found 0.9",
      '6: column guidance_scale must be number, found "many"',
      "7: column variations must be >= 1, found 0",
      "8: it must have an image, or a key in place of one, found both",
      "9: it must have an image, or a key in place of one, found neither",
      "10: it must have the header's 5 fields, found 3",
      "14: a quoted field must end at a comma or a line break, found text behind its quote; quotes in a field are doubled",
    ],
  );
  assertEquals(await problems("csv", "image,promt\n"), [
    '1: column "promt" is not known: use any of image, key, level, prompt, negative_prompt, guidance_scale, variations',
  ]);
  assertEquals(await problems("csv", "a.jpg,100\n"), [
    '1: column "a.jpg" is not known: use any of image, key, level, prompt, negative_prompt, guidance_scale, variations',
  ]);
  assertEquals(await problems("csv", "image,level,noise_level\n"), [
    '1: column "level" must be there once, found it twice',
  ]);
  assertEquals(await problems("csv", "image,level\na.jpg,100\n", { level: 200, only: true }), [
    "2: column level must be 200, found 100",
  ]);
  assertEquals(await problems("csv", "\n"), []);
});

Deno.test("parseGenerationList() names line, field and rule of what is wrong with JSON lines", async () => {
  const lines = [
    '{"image": "a.jpg", "guidance_scale": "7"}',
    "",
    '{"image": "a.jpg", "scale": 7}',
    "[]",
    '{"image": "',
    '{"image": ""}',
  ];
  const [scale, unknown, list, torn, empty] = await problems("json-lines", lines.join("\n"));
  assertEquals(scale, '1: field guidance_scale must be number, found "7"');
  assertEquals(
    unknown,
    '3: field "scale" is not known: use any of image, key, level, prompt, negative_prompt, guidance_scale, variations',
  );
  assertEquals(list, "4: it must be an object of JSON");
  assertEquals(torn!.startsWith("5: it must be JSON, found: "), true);
  assertEquals(empty, '6: field image must NOT have fewer than 1 characters, found ""');
});

Deno.test("a list's format is that of its name", () => {
  const names = ["a.csv", "a.CSV", "a.jsonl", "a.ndjson", "a.txt", "csv", "a.csv.txt"];
  assertEquals(names.map(generationListFormat), [
    ...["csv", "csv", "json-lines", "json-lines", "text", "text", "text"],
  ]);
});
