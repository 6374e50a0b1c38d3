/**
 * Opening an address in the user's browser.
 *
 * @module
 */

/** Programs that open addresses, by system. */
const PROGRAMS: Readonly<Partial<Record<typeof Deno.build.os, readonly string[]>>> = {
  linux: ["xdg-open"],
  darwin: ["open"],
  windows: ["explorer.exe"],
};

/** Whether somebody sits before a screen, rather than behind a terminal from elsewhere. */
function hasScreen(): boolean {
  if (Deno.build.os !== "linux") return true;
  return ["DISPLAY", "WAYLAND_DISPLAY"].some((name) => (Deno.env.get(name) ?? "") !== "");
}

/** Opens an address in the browser, where there is a screen and a program for it; the address was printed all the same. */
export function openBrowser(address: string): void {
  const [program, ...args] = PROGRAMS[Deno.build.os] ?? [];
  if (program === undefined || !Deno.stdout.isTerminal() || !hasScreen()) return;
  try {
    const opened = new Deno.Command(program, {
      args: [...args, address],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    opened.unref();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
