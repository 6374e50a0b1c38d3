/**
 * A browser for tests: Debian's chromium, without a window.
 *
 * @module
 */
import axe from "npm:axe-core@4.14.1";
import { type Browser, launch, type Page } from "npm:puppeteer-core@25.16.0";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Milliseconds that are waited for what a page shows at once on a machine that does nothing else. */
const PATIENCE = 60_000;

/** Where a browser is; undefined where there is none. */
export const CHROMIUM: string | undefined = PLACES.find(isThere);

if (CHROMIUM === undefined) {
  console.warn(`no browser at ${PLACES.join(" or ")}: the studio's page is not tried in one`);
}

/** A browser that is open. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens a browser. */
  static async open(): Promise<TestBrowser> {
    const browser = await launch({
      executablePath: CHROMIUM!,
      headless: true,
      // No wait of a test takes longer.
      protocolTimeout: 300_000,
      pipe: true,
      // A container has no user namespaces for chromium's own sandbox, and no GPU.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--force-prefers-reduced-motion",
      ],
    });
    return new TestBrowser(browser);
  }

  /** Opens a page, 1280 by 900 pixels. */
  async newPage(): Promise<TestPage> {
    const page = await this.#browser.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    page.setDefaultTimeout(PATIENCE);
    return new TestPage(page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** A page of a browser. */
export class TestPage implements AsyncDisposable {
  /** Errors that scripts threw and that the console showed. */
  readonly errors: string[] = [];
  /** The page. */
  readonly page: Page;

  /** Listens for errors of a page. */
  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      this.errors.push(`${message.text()} ${message.location().url ?? ""}`.trim());
    });
  }

  /** Evaluates an expression in the page. */
  async value<T>(expression: string): Promise<T> {
    return await this.page.evaluate(expression) as T;
  }

  /** Shows another view and waits for an element of it. */
  async show(hash: string, selector: string): Promise<void> {
    await this.value(`location.hash = ${JSON.stringify(hash)}`);
    await this.page.waitForSelector(selector);
  }

  /** Waits until an expression is true, so many milliseconds at most. */
  async until(expression: string, timeout: number = PATIENCE): Promise<void> {
    await this.page.waitForFunction(expression, { polling: 50, timeout });
  }

  /** What axe-core finds against WCAG 2.2 AA, as a line for each rule; of colours alone, where a theme changes nothing else. */
  async violations(what: "all" | "colours"): Promise<string[]> {
    if (!await this.value<boolean>("'axe' in globalThis")) await this.page.evaluate(axe.source);
    const rules = what === "colours"
      ? ["color-contrast"]
      : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    return await this.value(`axe.run(document, {
      runOnly: { type: "${what === "colours" ? "rule" : "tag"}", values: ${JSON.stringify(rules)} },
      resultTypes: ["violations"],
    }).then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ": " + nodes.map(({ html, failureSummary }) => html + " " + failureSummary).join(" | ")))`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
  }
}
