import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sharp } from "../../../core/deps/sharp.ts";
import { toPng } from "../../../core/plot/png.ts";
import { formatReport, type Report, writeReport } from "../../../core/report/report.ts";
import { inFolder } from "../../in_folder.ts";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"/>`;
const EVIL = `<script>alert("1")</script>&'`;
const ESCAPED = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";

function withTable(rows: (string | number)[][]): Report {
  return { title: "t", sections: [{ title: "s", tables: [{ columns: ["name", "%"], rows }] }] };
}

Deno.test("formatReport() escapes every text", async () => {
  const page = await formatReport({
    title: EVIL,
    subtitle: EVIL,
    cards: [{ label: EVIL, value: EVIL, note: EVIL }],
    sections: [1, 2, 3].map((i) => ({
      title: EVIL + i,
      text: EVIL,
      figures: [{ svg: SVG, caption: EVIL, alt: EVIL }],
      tables: [{ columns: [EVIL], rows: [[EVIL]], caption: EVIL }],
    })),
    notes: [EVIL],
  });
  assert(!page.includes("<script"));
  // Title twice, subtitle, card of three texts, note; in each of three sections title and its link, text, caption,
  // alternative text, and a table of three texts.
  assertEquals(page.split(ESCAPED).length - 1, 2 + 1 + 3 + 1 + 3 * (2 + 1 + 1 + 1 + 3));
});

Deno.test("formatReport() needs neither network nor script", async () => {
  const page = await formatReport({
    title: "t",
    sections: [{
      title: "s",
      figures: [
        { svg: SVG, caption: "a", alt: "b" },
        { png: await toPng(SVG), caption: "c", alt: "d" },
      ],
    }],
  });
  const sources = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source!);
  assertEquals(sources.length, 2);
  for (const source of sources) assert(/^data:image\/(svg\+xml|png);base64,/.test(source));
  assert(!/@import|url\(|<link|<script/.test(page));
  assertStringIncludes(page, `default-src 'none'`);
  assertEquals(
    new TextDecoder().decode(Uint8Array.fromBase64(sources[0]!.split(",")[1]!)),
    SVG,
  );
});

Deno.test("formatReport() shows a PNG file in the size that it states", async () => {
  const figures = [{ png: await toPng(SVG, 3), caption: "c", alt: "d" }];
  const page = await formatReport({ title: "t", sections: [{ title: "s", figures }] });
  assertStringIncludes(page, 'alt="d" width="60" height="40">');
});

Deno.test("formatReport() puts a large PNG file into the page as WebP, which looks the same", async () => {
  const side = 300;
  const pixels = Uint8Array.from({ length: 3 * side * side }, (_, i) => (i / side) % 251);
  const raw = { width: side, height: side, channels: 3 } as const;
  const png = new Uint8Array(await sharp(pixels, { raw }).png({ compressionLevel: 0 }).toBuffer());
  assert(png.length > 128 << 10, `${png.length} bytes`);
  const figures = [{ png, caption: "c", alt: "d" }];
  const page = await formatReport({ title: "t", sections: [{ title: "s", figures }] });
  assertStringIncludes(page, `width="${side}" height="${side}"`);
  const webp = Uint8Array.fromBase64(/src="data:image\/webp;base64,([^"]*)"/.exec(page)![1]!);
  const { data } = await sharp(webp).raw().toBuffer({ resolveWithObject: true });
  const { data: before } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assertEquals(data.length, before.length);
  const mean = data.reduce((sum, value, i) => sum + Math.abs(value - before[i]!), 0) / data.length;
  assert(mean < 3, `differs by ${mean} of 255`);
});

Deno.test("formatReport() numbers figures through all sections", async () => {
  const figures = [{ svg: SVG, caption: "x", alt: "y" }, { svg: SVG, caption: "x", alt: "y" }];
  const page = await formatReport({
    title: "t",
    sections: [{ title: "a", figures }, { title: "b" }, { title: "c", figures }],
  });
  assertEquals(page.match(/Figure \d/g), ["Figure 1", "Figure 2", "Figure 3", "Figure 4"]);
  assertStringIncludes(page, '<a href="#section-3">c</a>');
  assertStringIncludes(page, '<h2 id="section-3">c</h2>');
});

Deno.test("formatReport() makes paragraphs of what empty lines part", async () => {
  const page = await formatReport({
    title: "t",
    sections: [{ title: "s", text: "one\ntwo\n \n\nthree\n" }],
  });
  assertStringIncludes(page, "<p>one\ntwo</p>\n<p>three</p>");
});

Deno.test("formatReport() aligns numbers by their points", async () => {
  const page = await formatReport(withTable([["SimCLR", 85.41], ["BYOL", 84.6], ["chance", 10]]));
  for (const cell of ["85.41", "84.60", "10.00"]) {
    assertStringIncludes(page, `<td class="number">${cell}</td>`);
  }
  assertStringIncludes(page, '<th>name</th><th class="number">%</th>');
  assertStringIncludes(await formatReport(withTable([["a", 1e-9], ["b", 2.5]])), ">1e-9</td>");
  assertStringIncludes(await formatReport(withTable([["a", "1"], ["b", 2.5]])), "<td>2.5</td>");
  assertStringIncludes(
    await formatReport(withTable([["a", 464], ["b", "336.70"]])),
    "<td>464</td>",
  );
});

Deno.test("formatReport() rejects a row that does not fit the table", async () => {
  await assertRejects(
    () => formatReport(withTable([["SimCLR", 1], ["BYOL"]])),
    RangeError,
    'each row must have 2 cells, found 1 in ["BYOL"]',
  );
});

Deno.test("writeReport() writes one file and leaves an existing one alone", async () => {
  await inFolder(async (folder) => {
    const report: Report = { title: "first", sections: [] };
    const path = await writeReport(`${folder}/new/report`, report);
    assertEquals(path, `${folder}/new/report/index.html`);
    assertEquals(await Deno.readTextFile(path), await formatReport(report));
    assertEquals([...Deno.readDirSync(`${folder}/new/report`)].length, 1);
    const second = { ...report, title: "second" };
    await assertRejects(
      () => writeReport(`${folder}/new/report`, second),
      Deno.errors.AlreadyExists,
    );
    await writeReport(`${folder}/new/report`, second, { overwrite: true });
    assertStringIncludes(await Deno.readTextFile(path), "<h1>second</h1>");
  });
});
