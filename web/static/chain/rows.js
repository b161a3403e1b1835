// A verdict in full: the first cause in large, one row a hop, and what else is wrong.

import { copyable } from "../common/copying.js";
import { el, mark, say, sentence, write } from "../common/dom.js";
import { age, SIGNS } from "../common/format.js";
import { texts } from "../texts/diagnose.js";
import { HOPS } from "./verdicts.js";

// A fault with its code and remedy. Elements are kept, so that who selects or copies is not disturbed by a new age.
class Cause {
  #remedyWords;
  #title = el("h2");
  #code = el("code", { class: "code" });
  #what = el("p", { class: "what" });
  #remedy = el("p", { class: "remedy" });
  element = el("div", { class: "cause" }, el("header", {}, this.#title, this.#code), this.#what, this.#remedy);

  constructor(remedyWords) {
    this.#remedyWords = remedyWords;
  }

  show(title, hop) {
    mark(this.element, "cause", hop);
    say(this.#title, `${SIGNS[hop.state]} ${title}: ${texts.hops[hop.hop]}`);
    say(this.#code, hop.code ?? "");
    write(this.#what, hop.sentence);
    write(this.#remedy, hop.remedy, this.#remedyWords);
  }
}

class Row {
  #remedyWords;
  #sign = el("span", { class: "sign", "aria-hidden": "true" });
  #state = el("span", { class: "sr" });
  #age = el("span", { class: "hop-age" });
  #code = el("code", { class: "code" });
  #text = el("p");
  #follows = el("p", { class: "follows" });
  #remedy = el("p", { class: "remedy" });
  #more = el("details", {}, el("summary", {}, texts.diagnose.next), this.#remedy);

  constructor(hop, remedyWords) {
    this.#remedyWords = remedyWords;
    this.element = el("li", { class: "row" },
      this.#sign, el("span", { class: "hop-name" }, texts.hops[hop], this.#state), this.#age,
      el("div", { class: "row-words" }, this.#text, this.#follows, this.#more), this.#code);
  }

  show(hop) {
    mark(this.element, "row", hop);
    say(this.#sign, SIGNS[hop.state]);
    say(this.#state, `: ${texts.states[hop.state]}`);
    say(this.#age, hop.age_s === null || hop.age_s === undefined ? "–" : age(hop.age_s));
    say(this.#code, hop.code ?? "");
    write(this.#text, hop.sentence);
    say(this.#follows, hop.explained_by ? texts.diagnose.follows(texts.hops[hop.explained_by]) : "");
    write(this.#remedy, hop.remedy, this.#remedyWords);
    this.#more.hidden = !hop.remedy;
  }
}

// `trusted`: the words are of this server. Those of a node may be anybody's, so nothing of them is offered to be copied.
export class VerdictRows {
  #remedyWords;
  #causes = [];
  #rows = new Map();
  #well = el("p", { class: "well" });
  #list = el("ol", { class: "rows", "aria-label": texts.chain.title });
  #head = el("div", { class: "causes", role: "status" }, this.#well);

  constructor(root, { trusted = true } = {}) {
    this.#remedyWords = trusted ? copyable : sentence;
    root.append(this.#head, this.#list);
  }

  show({ ok, hops, first_cause: first, also = [] }) {
    const faults = first ? [first, ...also] : [];
    while (this.#causes.length > faults.length) this.#causes.pop().element.remove();
    faults.forEach((hop, at) => this.#cause(at).show(at ? texts.diagnose.also : texts.diagnose.first, hop));
    this.#well.hidden = Boolean(first);
    const reached = hops.some((hop) => hop.state === "ok");
    say(this.#well, ok ? `${SIGNS.ok} ${texts.diagnose.well}` : reached ? `${SIGNS.ok} ${texts.diagnose.wellSeen}` : texts.diagnose.waiting);
    const shown = new Map(hops.map((hop) => [hop.hop, hop]));
    for (const name of HOPS) this.#row(name, shown.get(name));
  }

  #cause(at) {
    if (!this.#causes[at]) {
      this.#causes[at] = new Cause(this.#remedyWords);
      this.#head.append(this.#causes[at].element);
    }
    return this.#causes[at];
  }

  // A doctor that sees a part of the chain only says nothing of the rest.
  #row(name, hop) {
    if (!this.#rows.has(name)) {
      this.#rows.set(name, new Row(name, this.#remedyWords));
      this.#list.append(this.#rows.get(name).element);
    }
    this.#rows.get(name).element.hidden = !hop;
    if (hop) this.#rows.get(name).show(hop);
  }
}
