// The dialog that lists the keys of a page, and can switch them off.

import { makeDialog } from "./dialog.js";
import { el } from "./dom.js";
import { texts } from "../texts/texts.js";

// `groups` are {title, keys: [{keys, says}]}; `off` is whether they are switched off, `onOff` is told of a change.
export function openHelp(groups, { off, onOff }) {
  const lists = groups.map(({ title, keys }) => el("section", {}, el("h3", {}, title), el("dl", { class: "keys" },
    ...keys.map(({ keys: names, says }) => el("div", {}, el("dt", {}, ...names.map(kbd)), el("dd", {}, says))))));
  const box = el("input", { type: "checkbox", checked: !off, on: { change: () => onOff(!box.checked) } });
  const dialog = makeDialog(texts.keys.title, ...lists, el("label", { class: "switch" }, box, texts.keys.on));
  dialog.classList.add("help-dialog");
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

const kbd = (name) => el("kbd", {}, texts.keys.names[name] ?? name);
