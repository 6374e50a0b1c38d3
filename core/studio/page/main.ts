/**
 * The studio's page: drawn into `#app`.
 *
 * @module
 */
import { render } from "../../deps/preact.ts";
import { App } from "./app.ts";
import { html } from "./html.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
const app = document.getElementById("app");
if (app !== null) {
  app.replaceChildren();
  render(html`<${App} />`, app);
}
