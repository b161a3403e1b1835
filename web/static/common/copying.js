// Texts for the clipboard.

import { el } from "./dom.js";
import { texts } from "../texts/texts.js";

const SAID_MS = 1500;

// A button that copies what `text()` gives, and says so.
export function copyButton(label, text, attributes = {}) {
  const said = el("span", {}, label);
  const button = el("button", { type: "button", ...attributes, on: { click: copy } }, said);
  async function copy() {
    const well = await write(text());
    said.textContent = well ? texts.copy.done : texts.copy.refused;
    setTimeout(() => { said.textContent = label; }, SAID_MS);
  }
  return button;
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// A sentence in which `backticks` mark what is to be typed; what has a space is a command and can be copied.
export function copyable(text) {
  return text.split("`").flatMap((part, at) => {
    if (!(at % 2)) return [part];
    const code = el("code", {}, part);
    if (!part.includes(" ")) return [code];
    const name = texts.copy.name(part);
    return [code, copyButton("", () => part, { class: "copy", "aria-label": name, title: name })];
  });
}
