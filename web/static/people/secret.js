// Secrets that are shown once: made up here or by the web, copied, and gone.

import { copyButton } from "../common/copying.js";
import { button, el } from "../common/dom.js";

// Letters and digits that nobody takes for one another; 20 of them are 98 bits.
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const [GROUPS, GROUP] = [4, 5];

export function madeUp() {
  const letters = [];
  while (letters.length < GROUPS * GROUP) {
    const [number] = crypto.getRandomValues(new Uint8Array(1));
    // Numbers beyond the last whole round would make some letters more likely.
    if (number < 256 - (256 % LETTERS.length)) letters.push(LETTERS[number % LETTERS.length]);
  }
  return Array.from({ length: GROUPS }, (_, at) => letters.slice(at * GROUP, (at + 1) * GROUP).join("")).join("-");
}

// A box with a secret and a way to copy it; `done()` is called when it may go.
export function handedOver({ title, hint, secret, copy, done, close }, ...more) {
  const box = el("div", { class: "handed", role: "status" }, el("h3", {}, title), el("p", {}, hint),
    el("div", { class: "code-box" }, el("code", { class: "secret" }, secret), copyButton(copy, () => secret, { class: "primary" })), ...more,
    el("div", { class: "buttons" }, button(done, () => { box.remove(); close?.(); })));
  return box;
}
