// Dialogs: `makeDialog(title, …content)` with a head and a way out; `confirmed({…})` asks before something is done.

import { el, icon } from "./dom.js";
import { texts } from "../texts/texts.js";

let count = 0;

// A dialog of its own, in the page but closed: `.showModal()` opens it. A click beside it closes it.
export function makeDialog(title, ...content) {
  const id = `dialog-${(count += 1)}`;
  const close = el("button", { type: "button", class: "icon-button", "aria-label": texts.shell.close,
    on: { click: () => dialog.close() } }, icon("close"));
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": id },
    el("header", {}, el("h2", { id }, title), close), el("div", { class: "dialog-body" }, ...content));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  return dialog;
}

// Whether the person wants it: {title, text, action: what the button says, danger: whether it cannot be undone}.
export function confirmed({ title, text, action, danger = false }) {
  const yes = el("button", { type: "button", class: danger ? "primary danger" : "primary" }, action);
  const no = el("button", { type: "button", class: "plain", autofocus: true }, texts.shell.cancel);
  const dialog = makeDialog(title, el("p", {}, text), el("div", { class: "buttons" }, no, yes));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    yes.addEventListener("click", () => dialog.close("yes"));
    no.addEventListener("click", () => dialog.close());
    dialog.showModal();
  });
}
