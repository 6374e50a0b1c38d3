/**
 * Reports of runs: one HTML file with everything in it, which needs no network and no script.
 *
 * @module
 */
import { sharp } from "../deps/sharp.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import { writeNewFile } from "../files/new_file.ts";
import { escapeMarkup } from "../plot/markup.ts";
import { pngSize } from "../plot/png_size.ts";
import { REPORT_STYLE } from "./report_style.ts";

/** A headline number. */
export interface Card {
  /** What the number is. */
  readonly label: string;
  /** The number with its unit, as it is to be read. */
  readonly value: string;
  /** One line on what the number means, or what was to be expected. */
  readonly note?: string;
}

/** A picture, as an SVG file's text or a PNG file's bytes. */
export type Figure =
  & {
    /** What to see in the picture. */
    readonly caption: string;
    /** What a reader who cannot see the picture needs to know of it. */
    readonly alt: string;
  }
  & ({ readonly svg: string } | { readonly png: Uint8Array });

/** A table; columns of numbers are set flush right. */
export interface Table {
  /** Their heads. */
  readonly columns: readonly string[];
  /** As many cells each as there are columns. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** Stands above the table. */
  readonly caption?: string;
}

/** A part of a report. */
export interface Section {
  /** Its heading. */
  readonly title: string;
  /** Plain text; an empty line starts a new paragraph. */
  readonly text?: string;
  /** Below the text. */
  readonly figures?: readonly Figure[];
  /** Below the figures. */
  readonly tables?: readonly Table[];
}

/** What a report says. */
export interface Report {
  /** Heading of the page. */
  readonly title: string;
  /** One line below the title, such as date, machine and version. */
  readonly subtitle?: string;
  /** Headline numbers. */
  readonly cards?: readonly Card[];
  /** Its parts, in order. */
  readonly sections: readonly Section[];
  /** Remarks at the end. */
  readonly notes?: readonly string[];
}

/** From so many sections on, links to them stand below the title. */
const SECTIONS_WITH_LINKS = 3;

function element(tag: string, content: string, attributes = ""): string {
  return `<${tag}${attributes && ` ${attributes}`}>${content}</${tag}>`;
}

function textElement(tag: string, text: string | undefined, attributes = ""): string {
  return text === undefined ? "" : element(tag, escapeMarkup(text), attributes);
}

function paragraphs(text = ""): string {
  const parts = text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => textElement("p", part)).join("\n");
}

function cardMarkup({ label, value, note }: Card): string {
  return element(
    "div",
    textElement("dt", label) + textElement("dd", value, 'class="value"') +
      textElement("dd", note, 'class="note"'),
    'class="card"',
  );
}

/** Bytes from which a PNG file is put into the page as WebP, which has a tenth of a photograph's. */
const LARGE_PICTURE = 128 << 10;

/** Pixels that WebP has on a side at most. */
const WEBP_SIDE = 16383;

/** Quality of WebP at which no difference is seen. */
const WEBP_QUALITY = 90;

/** A picture's file as an address. */
function addressOf(type: string, bytes: Uint8Array): string {
  return `data:image/${type};base64,${bytes.toBase64()}`;
}

/** A large PNG file as WebP; undefined where that holds no such picture, or is not smaller. */
async function asWebp(png: Uint8Array): Promise<Uint8Array | undefined> {
  const picture = sharp(png);
  const { width, height } = await picture.metadata();
  if (Math.max(width, height) > WEBP_SIDE) return undefined;
  // Subsampled plainly, lines between colours would fray.
  const webp = await picture.webp({ quality: WEBP_QUALITY, smartSubsample: true }).toBuffer();
  return webp.length < png.length ? webp : undefined;
}

/** The picture as an address, inside of which a script or a style of the SVG does nothing to the page. */
async function sourceOf(figure: Figure): Promise<{ source: string; size: string }> {
  if ("svg" in figure) {
    return { source: addressOf("svg+xml", new TextEncoder().encode(figure.svg)), size: "" };
  }
  const { png } = figure;
  const { width, height } = pngSize(png);
  const webp = png.length < LARGE_PICTURE ? undefined : await asWebp(png);
  return {
    source: webp === undefined ? addressOf("png", png) : addressOf("webp", webp),
    size: ` width="${width}" height="${height}"`,
  };
}

async function figureMarkup(figure: Figure, number: number): Promise<string> {
  const { source, size } = await sourceOf(figure);
  const image = `<img src="${source}" alt="${escapeMarkup(figure.alt)}"${size}>`;
  const caption = `<b>Figure ${number}.</b> ${escapeMarkup(figure.caption)}`;
  return element("figure", `${image}\n${element("figcaption", caption)}`);
}

/** The cells of a column as texts; if all are numbers with equally many decimals, so that their points stand in a line. */
function columnTexts(cells: readonly (string | number)[]): string[] {
  const texts = cells.map(String);
  if (!cells.every((cell) => typeof cell === "number")) return texts;
  if (!texts.every((text) => /^-?\d+(\.\d{1,6})?$/.test(text))) return texts;
  const decimals = Math.max(0, ...texts.map((text) => text.split(".")[1]?.length ?? 0));
  return cells.map((cell) => cell.toFixed(decimals));
}

function tableMarkup({ columns, rows, caption }: Table): string {
  const odd = rows.find((row) => row.length !== columns.length);
  if (odd) {
    throw new GenviewRangeError(
      `Cannot write a table: each row must have ${columns.length} cells, found ${odd.length} in ${
        JSON.stringify(odd)
      }`,
    );
  }
  const cells = columns.map((_, i) => rows.map((row) => row[i]!));
  const texts = cells.map(columnTexts);
  const styles = cells.map((column) =>
    column.length > 0 && column.every((cell) => typeof cell === "number") ? 'class="number"' : ""
  );
  const row = (tag: string, texts: readonly string[]) =>
    element("tr", texts.map((text, i) => textElement(tag, text, styles[i])).join(""));
  const head = element("thead", row("th", columns));
  const body = element("tbody", rows.map((_, i) => row("td", texts.map((t) => t[i]!))).join("\n"));
  const table = element("table", textElement("caption", caption) + head + body);
  return element("div", table, 'class="scroll"');
}

async function sectionMarkup(
  section: Section,
  index: number,
  figuresBefore: number,
): Promise<string> {
  const { title, text, figures = [], tables = [] } = section;
  return [
    textElement("h2", title, `id="section-${index + 1}"`),
    paragraphs(text),
    ...await Promise.all(
      figures.map((figure, i) => figureMarkup(figure, figuresBefore + i + 1)),
    ),
    ...tables.map(tableMarkup),
  ].join("\n");
}

function linksMarkup(sections: readonly Section[]): string {
  if (sections.length < SECTIONS_WITH_LINKS) return "";
  const links = sections.map(({ title }, i) => textElement("a", title, `href="#section-${i + 1}"`));
  return element("nav", links.join(" "));
}

/**
 * A report as the text of an HTML page. Large PNG files are in it as WebP.
 *
 * @throws {RangeError} if a row of a table has more or fewer cells than the table has columns
 * @throws {TypeError} if a figure's bytes are no PNG file
 */
export async function formatReport(report: Report): Promise<string> {
  const { title, subtitle, cards = [], sections, notes = [] } = report;
  let figures = 0;
  const body: string[] = [];
  for (const [i, section] of sections.entries()) {
    body.push(element("section", await sectionMarkup(section, i, figures)));
    figures += section.figures?.length ?? 0;
  }
  const head = [
    textElement("h1", title),
    textElement("p", subtitle, 'class="subtitle"'),
    linksMarkup(sections),
    cards.length > 0 ? element("dl", cards.map(cardMarkup).join("\n"), 'class="cards"') : "",
  ];
  const remarks = element("ul", notes.map((note) => textElement("li", note)).join("\n"));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
${element("header", head.filter(Boolean).join("\n"))}
${element("main", body.join("\n"))}
${notes.length > 0 ? element("footer", remarks, 'class="notes"') : ""}
</body>
</html>
`;
}

/**
 * Writes a report as `index.html` into a folder, which is made if it is not there.
 *
 * @returns where the file lies
 * @throws {Deno.errors.AlreadyExists} if there is such a file and `overwrite` is not set
 * @throws {RangeError} if a row of a table has more or fewer cells than the table has columns
 * @throws {TypeError} if a figure's bytes are no PNG file
 */
export async function writeReport(
  folder: string,
  report: Report,
  options: { readonly overwrite?: boolean } = {},
): Promise<string> {
  const page = new TextEncoder().encode(await formatReport(report));
  const path = `${folder}/index.html`;
  await Deno.mkdir(folder, { recursive: true });
  await writeNewFile(path, page, options);
  return path;
}
