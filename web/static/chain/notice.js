// On pages without the chain: that the page is cut off, why, since when, and that it tries again.

import { el, say, sentence, write } from "../common/dom.js";
import { age, clock } from "../common/format.js";
import { texts } from "../texts/texts.js";

const TICK_MS = 1000;

export class CutOffNotice {
  #cutOff;
  #title = el("strong");
  #what = el("p");
  #box = el("aside", { class: "cut-off", role: "status", hidden: true, "aria-label": texts.cutOff.title },
    el("header", {}, this.#title, el("span", { class: "busy" }, texts.cutOff.again)), this.#what);

  constructor(cutOff) {
    this.#cutOff = cutOff;
    document.body.append(this.#box);
    cutOff.addEventListener("found", () => this.#show());
    setInterval(() => this.#show(), TICK_MS);
  }

  #show() {
    const told = this.#cutOff.told();
    this.#box.hidden = told === null;
    if (told === null) return;
    const { sentence: what, remedy, age_s, code } = told.verdict.first_cause;
    this.#box.dataset.code = code;
    say(this.#title, texts.cutOff.since(clock(new Date(Date.now() - age_s * 1000)), age(Math.floor(age_s))));
    write(this.#what, `${what} ${remedy}`, sentence);
  }
}
