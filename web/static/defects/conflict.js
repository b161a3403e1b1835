// Somebody else was faster: who changed what, and the choice to look at it or to say one's own all the same.

import { el } from "../common/dom.js";
import { makeDialog } from "../common/dialog.js";
import { shortTime } from "../common/format.js";
import { texts } from "../texts/defects.js";

const words = texts.conflict;
const MOST = 5;

// `change` is what was to be said; null: it was to be taken back.
export function explain(defects, change, { look, overwrite }) {
  const button = (name, kind, run) => el("button", { type: "button", class: kind, autofocus: kind === "primary", on: { click: () => {
    dialog.close();
    run();
  } } }, name);
  const lines = defects.slice(0, MOST).map((defect) => el("li", {}, words.line(defect, texts.status[defect.status], shortTime(defect.reviewed_at))));
  if (defects.length > MOST) lines.push(el("li", {}, words.others(defects.length - MOST)));
  const dialog = makeDialog(words.title(defects.length), el("ul", { class: "conflicts" }, ...lines),
    el("div", { class: "buttons" },
      change ? button(words.overwrite(texts.status[change.status]), "plain", () => overwrite(change)) : null,
      button(words.look, "primary", () => look(defects[0]))));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
