/**
 * A question that has to be answered before anything else goes on.
 *
 * @module
 */
import { type ComponentChildren, useEffect, useRef, type VNode } from "../../deps/preact.ts";
import { html } from "./html.ts";

/** What a dialog is given. */
export interface DialogProps {
  readonly title: string;
  /** Words of the button that does it. */
  readonly action: string;
  /** Whether it may be done now. */
  readonly ready: boolean;
  /** Whether what is done cannot be mended easily. */
  readonly dangerous?: boolean;
  readonly confirm: () => void;
  readonly close: () => void;
  readonly children?: ComponentChildren;
}

/** A modal dialog: Escape closes it, the focus stays within and goes back to where it was. */
export function Dialog(props: DialogProps): VNode {
  const dialog = useRef<HTMLDialogElement | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  const confirm = (event: Event): void => {
    event.preventDefault();
    if (props.ready) props.confirm();
  };
  return html`
    <dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${props.close}>
      <form onSubmit=${confirm}>
        <h2 id="dialog-title">${props.title}</h2>
        ${props.children}
        <p class="buttons">
          <button type="submit" class=${props.dangerous ? "danger" : "primary"} disabled=${!props
            .ready}>${props.action}</button>
          <button type="button" onClick=${props.close}>Cancel</button>
        </p>
      </form>
    </dialog>
  `;
}
