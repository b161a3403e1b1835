// Who did what with a defect, newest first.

import { api } from "../common/web.js";
import { el } from "../common/dom.js";
import { longTime } from "../common/format.js";
import { texts } from "../texts/defects.js";

const words = texts.history;
const SETTLE_MS = 120;

export class History {
  #shown = null;
  #timer = null;

  constructor() {
    this.list = el("ol", { class: "steps" });
    this.element = el("section", { class: "history", hidden: true }, el("h3", {}, words.title), this.list);
  }

  // Read when somebody stays with a defect, and again when its version is another one.
  show(defect) {
    const key = `${defect.event_id} ${defect.version}`;
    if (this.#shown === key) return;
    if (!this.#shown?.startsWith(defect.event_id)) this.element.hidden = true;
    this.#shown = key;
    clearTimeout(this.#timer);
    if (defect.version) this.#timer = setTimeout(() => this.#read(defect, key), SETTLE_MS);
    else this.element.hidden = true;
  }

  async #read(defect, key) {
    const path = `/api/defects/${encodeURIComponent(defect.event_id)}/history`;
    const { steps } = await api.get(path).catch(() => ({ steps: [] }));
    if (this.#shown !== key) return;
    this.element.hidden = !steps.length;
    const notes = steps.map(({ note }, at) => (note !== (steps[at - 1]?.note ?? "") ? note || words.noteGone : ""));
    this.list.replaceChildren(...steps.map((step, at) => row(step, notes[at])).reverse());
  }
}

function row({ at, by, from_status: from, to_status: to, false_alarm: alarm }, note) {
  const status = from === to ? "" : words.changed(texts.status[from], texts.status[to]);
  const what = [status, alarm && texts.list.falseAlarm(texts.reasons[alarm])].filter(Boolean).join(", ");
  return el("li", {}, el("strong", {}, by), what && el("span", {}, what), el("time", { datetime: at }, longTime(at)),
    note && el("q", {}, note));
}
