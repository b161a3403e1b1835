// The strip from lens to eye above the live picture: every hop with its state and age, and the first cause.

import { el, mark, say, sentence, write } from "../common/dom.js";
import { age, SIGNS } from "../common/format.js";
import { texts } from "../texts/texts.js";
import { HOPS } from "./verdicts.js";

const TICK_MS = 500;

export class Chain {
  onCause = () => {};
  #root;
  #verdicts;
  #way = "/diagnose";

  constructor(root, verdicts) {
    [this.#root, this.#verdicts] = [root, verdicts];
    this.hops = new Map(HOPS.map((hop) => [hop, hopElement(hop)]));
    this.strip = el("a", { class: "strip", title: texts.chain.more },
      el("ol", { class: "hops", "aria-label": texts.chain.title }, ...[...this.hops.values()].map((hop) => hop.item)));
    this.what = el("p", { class: "what" });
    this.remedy = el("p", { class: "remedy" });
    this.more = el("a", { class: "more-link" }, texts.chain.more);
    this.count = el("summary");
    this.list = el("ul");
    this.also = el("details", { hidden: true }, this.count, this.list);
    this.cause = el("div", { class: "cause", role: "status", hidden: true }, this.what, this.remedy, this.also, this.more);
    root.append(this.strip, this.cause);
    setInterval(() => this.update(), TICK_MS);
    this.update();
  }

  // Another device is looked at.
  show(device) {
    this.#way = `/diagnose?device=${encodeURIComponent(device)}`;
    this.#verdicts.reset();
    this.update();
  }

  update() {
    const verdict = this.#verdicts.now();
    this.#root.dataset.state = verdict.ok === null ? "unknown" : verdict.ok ? "ok" : "broken";
    for (const hop of verdict.hops) this.#showHop(hop);
    this.#showCause(verdict.first_cause, verdict.also);
    this.#link(verdict);
    this.onCause(verdict.first_cause);
  }

  #showHop(hop) {
    const { item, sign, state, age: ageElement } = this.hops.get(hop.hop);
    const className = `hop ${hop.state}`;
    if (item.className !== className) item.className = className;
    say(sign, SIGNS[hop.state]);
    say(state, `: ${texts.states[hop.state]}`);
    say(ageElement, hop.age_s === null || hop.age_s === undefined ? "–" : age(hop.age_s));
    if (item.title !== hop.sentence) item.title = hop.sentence;
  }

  #showCause(cause, also) {
    this.cause.hidden = !cause;
    if (!cause) return this.cause.removeAttribute("data-code");
    mark(this.cause, "cause", cause);
    write(this.what, key(cause), () => told(cause));
    write(this.remedy, cause.remedy);
    this.also.hidden = !also.length;
    say(this.count, texts.chain.also(also.length));
    write(this.list, also.map(key).join(), () => also.map((one) => el("li", { "data-code": one.code }, ...told(one))));
  }

  // Where the web does not answer there is no other page to go to.
  #link(verdict) {
    for (const link of [this.strip, this.more]) {
      if (verdict.away) link.removeAttribute("href");
      else if (link.getAttribute("href") !== this.#way) link.setAttribute("href", this.#way);
    }
  }
}

const key = (hop) => `${hop.hop} ${hop.sentence}`;
const told = (hop) => [el("strong", {}, texts.hops[hop.hop]), " ", ...sentence(hop.sentence)];

function hopElement(name) {
  const [sign, state, age] = [el("span", { class: "sign", "aria-hidden": "true" }), el("span", { class: "sr" }), el("span", { class: "hop-age" })];
  const item = el("li", { class: "hop unknown" }, sign, el("span", { class: "hop-name" }, texts.hops[name]), state, age);
  return { item, sign, state, age };
}
