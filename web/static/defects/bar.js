// What can be said of all that is selected, and how far a long one is.

import { el, icon, say } from "../common/dom.js";
import { texts } from "../texts/defects.js";

const words = texts.desk;

export class Bar {
  constructor(root, desk) {
    const button = (name, run, picture) => el("button", { type: "button", class: "plain", on: { click: run } },
      picture ? icon(picture) : null, name);
    this.count = el("strong", { role: "status" });
    this.progress = el("progress", { hidden: true, "aria-label": words.progress });
    this.element = el("div", { class: "picked-bar", role: "toolbar", "aria-label": words.barName, hidden: true }, this.count,
      el("button", { type: "button", class: "plain", title: words.allHint, on: { click: () => desk.pickAll() } }, words.all),
      button(texts.status.reviewed, () => desk.mark({ status: "reviewed", false_alarm: null }), "check"),
      button(words.reject, ({ currentTarget }) => desk.reject(currentTarget)),
      button(texts.status.resolved, () => desk.mark({ status: "resolved", false_alarm: null })),
      button(texts.status.pending, () => desk.mark({ status: "pending", false_alarm: null })),
      el("button", { type: "button", class: "icon-button", "aria-label": words.none, on: { click: () => desk.pickNone() } }, icon("close")));
    root.append(this.element, this.progress);
  }

  // Nothing is selected: it is not there.
  show(count) {
    this.element.hidden = count === 0;
    if (count) say(this.count, words.picked(count));
  }

  showProgress(done, all) {
    this.progress.hidden = !all;
    if (all) [this.progress.value, this.progress.max] = [done, all];
  }
}
