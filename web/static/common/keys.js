// Keys of a page: `keys.add("Live picture", [{ keys: ["f"], says: "Full screen", run }])`; `?` lists them all.

import { texts } from "../texts/texts.js";

const KEPT = "glassline-keys-off";
const TYPED_IN = 'input:not([type="checkbox"], [type="radio"], [type="button"], [type="range"]), textarea, select, [contenteditable]';
const PRESSED_BY_SPACE = "button, summary, input, [role=button]";
const MOVED_BY_ARROWS = 'input, [role="tablist"], [role="radiogroup"]';

export class Keys {
  groups = [];
  // Told when the first keys are there: there is something to be helped with.
  onFirst = () => {};

  constructor() {
    document.addEventListener("keydown", (event) => this.#press(event));
    this.add(texts.keys.everywhere, [{ keys: ["?"], says: texts.keys.help, run: () => this.help() }], noHelp);
  }

  // {keys: as event.key has them, says: what it does, run(event), may(): whether it can be done; left out: always}.
  // `when()` is whether the group counts now.
  add(title, keys, when = noDialog) {
    this.groups.unshift({ title, keys, when });
    if (this.groups.length > 1) this.onFirst();
  }

  async help() {
    const { openHelp } = await import("./help.js");
    const groups = this.groups.filter(({ when }) => when()).map((group) => ({ ...group, keys: group.keys.filter(may) }));
    openHelp(groups, { off: isOff(), onOff: (off) => localStorage.setItem(KEPT, off ? "1" : "") });
  }

  #press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOff() || isFor(event.target, event.key)) return;
    for (const { keys, when } of this.groups) {
      const found = when() && keys.find((one) => one.keys.includes(event.key) && may(one));
      if (!found) continue;
      event.preventDefault();
      return found.run(event);
    }
  }
}

const noDialog = () => !document.querySelector("dialog[open]");
const noHelp = () => !document.querySelector("dialog.help-dialog[open], #sign-in[open]");
const may = (one) => one.may?.() ?? true;
const isOff = () => localStorage.getItem(KEPT) === "1";

// Whether the element that has the focus wants that key itself.
function isFor(target, key) {
  if (target.closest?.(TYPED_IN)) return true;
  if (key === " " || key === "Enter") return Boolean(target.closest?.(PRESSED_BY_SPACE) || (key === "Enter" && target.closest?.("a")));
  return key.startsWith("Arrow") && Boolean(target.closest?.(MOVED_BY_ARROWS));
}
