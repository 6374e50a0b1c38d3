/**
 * What is shown, as the part of the page's address after `#`: `#/run?run=simclr&tab=map`. The back button and copied
 * addresses lead where they should.
 *
 * @module
 */
import { useEffect, useState } from "../../deps/preact.ts";
import { type Address, readAddress, writeAddress } from "./address_text.ts";

/** Shows another view, as a new entry of the browser's history. */
export function goTo(view: string, values: Readonly<Record<string, string>> = {}): void {
  location.hash = writeAddress({ view, values });
}

/**
 * Changes values of the present view's address; an empty string takes a value out. Small changes, such as a slider's,
 * replace the history's entry, so that the back button leaves the view.
 */
export function setValues(
  values: Readonly<Record<string, string>>,
  kind: "replace" | "push" = "replace",
): void {
  const address = readAddress(location.hash);
  const text = writeAddress({ view: address.view, values: { ...address.values, ...values } });
  if (text === location.hash) return;
  if (kind === "push") {
    location.hash = text;
    return;
  }
  history.replaceState(null, "", text);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The present address; the component is drawn again when it changes. */
export function useAddress(): Address {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return readAddress(hash);
}
