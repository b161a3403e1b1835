// Short notices at the lower edge, read aloud as well: `toast("Saved", { action: { label: "Undo", run } })`.

import { el, icon } from "./dom.js";
import { texts } from "../texts/texts.js";

const STAYS_MS = 6000;
const WITH_ACTION_MS = 12_000;
const MOST = 3;

// Returns what takes it away again. `failed` is for what did not work; it stays until it is closed.
export function toast(text, { failed = false, action = null } = {}) {
  const box = el("div", { class: failed ? "toast failed" : "toast" }, el("p", {}, text));
  const close = () => box.remove();
  if (action) box.append(el("button", { type: "button", on: { click: () => { close(); action.run(); } } }, action.label));
  box.append(el("button", { type: "button", class: "icon-button", "aria-label": texts.shell.close, on: { click: close } }, icon("close")));
  const here = place();
  while (here.children.length >= MOST) here.firstElementChild.remove();
  here.append(box);
  if (!failed) leaveAfter(box, action ? WITH_ACTION_MS : STAYS_MS);
  return close;
}

// What the API refused, in its words.
export const toastError = (error) => toast(error.explained?.() ?? String(error), { failed: true });

// Nobody can reach what lies outside an open dialog, so the notices go into it.
function place() {
  const notices = document.querySelector("#notices");
  const host = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  if (notices.parentElement !== host) host.append(notices);
  return notices;
}

// Not while somebody points at it or is in it.
function leaveAfter(box, ms) {
  let timer;
  const wait = () => { clearTimeout(timer); timer = setTimeout(() => box.remove(), ms); };
  const stay = () => clearTimeout(timer);
  for (const event of ["pointerenter", "focusin"]) box.addEventListener(event, stay);
  for (const event of ["pointerleave", "focusout"]) box.addEventListener(event, wait);
  wait();
}
