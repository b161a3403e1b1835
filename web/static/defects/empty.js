// What stands where the list would be: why it is empty, or why it cannot be read, and what to do then.

import { el } from "../common/dom.js";
import { texts } from "../texts/defects.js";

const words = texts.list;

export class Empty {
  #filters;
  #retry;

  constructor(root, filters, retry) {
    this.#filters = filters;
    this.#retry = retry;
    this.box = el("div", { class: "empty", "aria-live": "polite", hidden: true });
    root.prepend(this.box);
  }

  show({ problem, counts, total, isReading, list }) {
    const why = problem ? "problem" : !counts ? "reading" : total || list.length || isReading ? "" : this.#why(counts);
    const key = problem ? `${why} ${problem.message}` : why;
    if (this.box.dataset.key === key) return;
    this.box.dataset.key = key;
    this.box.hidden = !why;
    this.box.classList.toggle("banner", Boolean(problem && list.length));
    this.box.replaceChildren(...(why ? this.#content(why, problem) : []));
  }

  #why(counts) {
    const { isNarrow, wanted } = this.#filters;
    const others = Object.values(counts).some((count) => count > 0);
    if (others && wanted.statuses.length === 1 && wanted.statuses[0] === "pending") return "done";
    return isNarrow ? "narrow" : "none";
  }

  #content(why, problem) {
    const button = (name, click) => el("button", { type: "button", on: { click } }, name);
    switch (why) {
      case "reading":
        return [el("p", {}, words.reading)];
      case "problem":
        return [el("strong", {}, texts.defects.down), el("p", {}, problem.explained()),
          button(texts.defects.retry, this.#retry),
          this.#filters.isNarrow ? button(words.clear, () => this.#filters.clear()) : ""];
      case "done":
        return [el("strong", {}, words.allDone), el("p", {}, words.allDoneHint),
          button(words.showAll, () => this.#filters.change({ statuses: [] }))];
      case "narrow":
        return [el("strong", {}, words.narrow), el("p", {}, words.narrowHint), button(words.clear, () => this.#filters.clear())];
      default:
        return [el("strong", {}, words.none), el("p", {}, words.noneHint),
          el("a", { class: "plain", href: "/diagnose" }, words.toDiagnosis)];
    }
  }
}
