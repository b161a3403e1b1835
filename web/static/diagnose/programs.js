// Every program that was heard or is remembered: whether it is there, since when not, and its version.

import { el, say } from "../common/dom.js";
import { age, calledInFull } from "../common/format.js";
import { seconds } from "../common/web.js";
import { texts } from "../texts/diagnose.js";

const MAX_ROWS = 300;
const byName = new Intl.Collator("en", { numeric: true }).compare;

class Row {
  #cells = Object.fromEntries(Object.keys(texts.diagnose.columns).map((name) => [name, el("td", { class: `col-${name}` })]));
  element = el("tr", {}, ...Object.values(this.#cells));

  show(program) {
    const { id, role, state, age: last, version } = this.#cells;
    this.element.className = program.online ? "online" : "offline";
    say(id, calledInFull(program.deviceId));
    say(role, program.role ?? "");
    const there = program.online ? `✓ ${texts.devices.online}` : `✗ ${texts.devices.offline}`;
    say(state, there);
    state.title = program.why ?? "";
    say(last, program.age_s === null ? "–" : age(program.age_s));
    say(version, program.info?.version ?? "");
  }
}

export class Programs {
  #programs = new Map();
  #rows = new Map();

  constructor(root) {
    const heads = Object.values(texts.diagnose.columns).map((name) => el("th", { scope: "col" }, name));
    this.body = el("tbody");
    this.empty = el("p", { class: "hint" }, texts.diagnose.noPrograms);
    root.append(el("h2", {}, texts.diagnose.programs), el("table", {}, el("thead", {}, el("tr", {}, ...heads)), this.body), this.empty);
  }

  put(program) {
    if (!this.#programs.has(program.deviceId) && this.#programs.size >= MAX_ROWS) return;
    this.#programs.set(program.deviceId, { ...program, gotAt: seconds() });
    this.show();
  }

  // Who is there first, each with the seconds since it last spoke, as far as is known here.
  list() {
    const now = seconds();
    const aged = (one) => ({ ...one, age_s: one.health_age_s === null ? null : one.health_age_s + now - one.gotAt });
    return [...this.#programs.values()].map(aged)
      .sort((one, other) => other.online - one.online || byName(one.deviceId, other.deviceId));
  }

  show() {
    const list = this.list();
    this.empty.hidden = list.length > 0;
    list.forEach((program, at) => {
      const id = program.deviceId;
      if (!this.#rows.has(id)) this.#rows.set(id, new Row());
      const { element } = this.#rows.get(id);
      if (this.body.children[at] !== element) this.body.insertBefore(element, this.body.children[at] ?? null);
      this.#rows.get(id).show(program);
    });
  }
}
