/**
 * The frame of the page: heading, navigation, theme, what is heard of the server, and the view that the address names.
 *
 * @module
 */
import {
  type FunctionComponent,
  useEffect,
  useRef,
  useState,
  type VNode,
} from "../../deps/preact.ts";
import { useAddress } from "./address.ts";
import { writeAddress } from "./address_text.ts";
import { CompareView } from "./compare_view.ts";
import { html } from "./html.ts";
import { useConnected } from "./live.ts";
import { MasksView } from "./masks_view.ts";
import { NewRunView } from "./new_run_view.ts";
import { Notices } from "./notices.ts";
import { PathView } from "./path_view.ts";
import { QueueView } from "./queue_view.ts";
import { RunView } from "./run_view.ts";
import { RunsView } from "./runs_view.ts";
import { chooseTheme, chosenTheme, type Theme } from "./theme.ts";

/** What every view is given. */
export interface ViewProps {
  /** Values of the address. */
  readonly values: Readonly<Record<string, string>>;
}

interface View {
  readonly name: string;
  readonly title: string;
  readonly component: FunctionComponent<ViewProps>;
  /** Whether the navigation lists it; a run is come to from the table. */
  readonly listed: boolean;
}

const VIEWS: readonly View[] = [
  { name: "runs", title: "Runs", component: RunsView, listed: true },
  { name: "run", title: "Run", component: RunView, listed: false },
  { name: "compare", title: "Compare", component: CompareView, listed: true },
  { name: "masks", title: "Masks", component: MasksView, listed: true },
  { name: "path", title: "GenView path", component: PathView, listed: true },
  { name: "new", title: "New run", component: NewRunView, listed: true },
  { name: "queue", title: "Queue", component: QueueView, listed: true },
];

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function ThemeSwitch(): VNode {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (event: Event): void => {
    const chosen = (event.target as HTMLSelectElement).value as Theme;
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return html`
    <label class="theme">
      <span class="unseen">Theme</span>
      <select value=${theme} onChange=${choose}>
        ${THEMES.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </label>
  `;
}

function Connection(): VNode {
  const connected = useConnected();
  return html`
    <span class=${`connection ${connected ? "on" : "off"}`} role="status">
      <span class="dot" aria-hidden="true"></span>${connected ? "live" : "not connected"}
    </span>
  `;
}

function NoView({ values: _values }: ViewProps): VNode {
  return html`
    <h1>There is no such view</h1>
    <p>The address names a view that this studio does not have. <a href="#/runs">All runs</a> has them all.</p>
  `;
}

/** Moves the focus to what a new view begins with, as the browser does on a new page. */
function useFocusOnChange(view: string): { readonly main: { current: HTMLElement | null } } {
  const main = useRef<HTMLElement | null>(null);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [view]);
  return { main };
}

/** The whole page. */
export function App(): VNode {
  const address = useAddress();
  const view = VIEWS.find(({ name }) => name === address.view);
  const Shown = view?.component ?? NoView;
  const subject = address.values["run"] ?? "";
  const { main } = useFocusOnChange(`${address.view} ${subject}`);
  const title = subject === "" ? view?.title ?? "No view" : subject;
  useEffect(() => {
    document.title = `${title} · genview studio`;
  }, [title]);
  const skip = (event: Event): void => {
    event.preventDefault();
    main.current?.focus();
  };
  const isHere = (name: string): boolean =>
    name === address.view || (name === "runs" && address.view === "run");
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to content</a>
    <header class="top">
      <a class="brand"
        href="#/runs"><span class="logo" aria-hidden="true"></span>genview <b>studio</b></a>
      <nav aria-label="Views">
        ${VIEWS.filter(({ listed }) => listed).map(({ name, title }) =>
          html`
            <a key=${name} href=${writeAddress({ view: name, values: {} })}
              aria-current=${isHere(name) ? "page" : undefined}>${title}</a>
          `
        )}
      </nav>
      <div class="side">
        <${Connection} />
        <${ThemeSwitch} />
      </div>
    </header>
    <main id="main" ref=${main} tabindex="-1">
      <${Shown} key=${`${address.view} ${subject}`} values=${address.values} />
    </main>
    <${Notices} />
  `;
}
