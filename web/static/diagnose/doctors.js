// Two doctors that can be asked: that of the server, and that of the node itself.

import { api, seconds } from "../common/web.js";
import { el, say } from "../common/dom.js";
import { clock } from "../common/format.js";
import { VerdictRows } from "../chain/rows.js";
import { texts } from "../texts/diagnose.js";
import { HOPS } from "../chain/verdicts.js";

class Doctor {
  // {asked_at, took_s, answer} or {asked_at, took_s, error}; null: not asked yet.
  told = null;
  #ask;
  #trusted;
  #button;
  #said = el("p", { class: "said", role: "status" });
  #answer = el("div", { class: "answer" });

  // `trusted`: whether its words are those of this server.
  constructor(label, ask, { trusted }) {
    this.#ask = ask;
    this.#trusted = trusted;
    this.#button = el("button", { type: "button", class: "primary", on: { click: () => this.#run() } }, label);
    this.element = el("div", { class: "doctor" }, el("div", { class: "ask" }, this.#button, this.#said), this.#answer);
  }

  // Who is asked, and whether there is anybody.
  name(label, there) {
    say(this.#button, label);
    this.#button.hidden = !there;
  }

  forget() {
    this.told = null;
    this.#answer.replaceChildren();
    say(this.#said, "");
  }

  async #run() {
    const began = seconds();
    const at = new Date();
    this.forget();
    this.#button.disabled = true;
    const tick = () => say(this.#said, texts.doctors.asking(Math.floor(seconds() - began)));
    const timer = setInterval(tick, 1000);
    tick();
    const told = await this.#ask().then((answer) => ({ answer }), (error) => ({ error }));
    clearInterval(timer);
    this.#button.disabled = false;
    const took = seconds() - began;
    this.told = { asked_at: at.toISOString(), took_s: Number(took.toFixed(1)), ...plain(told) };
    say(this.#said, texts.doctors.asked(clock(at), took.toFixed(1)));
    this.#show(this.told);
  }

  #show({ answer, error }) {
    if (error) {
      this.#answer.append(el("p", { class: "problem" }, error.message, " ", error.hint, " ", el("code", { class: "code" }, error.code)));
      return;
    }
    new VerdictRows(this.#answer, { trusted: this.#trusted }).show(answer);
    for (const [id, other] of Object.entries(answer.others ?? {})) {
      const inner = el("div");
      new VerdictRows(inner, { trusted: this.#trusted }).show(other);
      this.#answer.append(el("details", {}, el("summary", {}, texts.doctors.others(id)), inner));
    }
  }
}

// Errors as values, so that they can be shown and copied alike.
function plain({ answer, error }) {
  if (!error) return { answer };
  return { error: { code: error.code, message: error.sentence(), hint: error.hint } };
}

export class Doctors {
  #device = null;

  constructor(root) {
    this.server = new Doctor(texts.doctors.server, () => api.doctor(), { trusted: true });
    this.node = new Doctor(texts.doctors.nobody, () => askNode(this.#device), { trusted: false });
    root.append(el("h2", {}, texts.doctors.title), el("p", { class: "hint" }, texts.doctors.hint), this.server.element, this.node.element);
    this.show(null);
  }

  // Whose own doctor can be asked.
  show(device) {
    if (device !== this.#device) this.node.forget();
    this.#device = device;
    this.node.name(device === null ? texts.doctors.nobody : texts.doctors.node(device), device !== null);
  }
}

async function askNode(device) {
  const reply = await api.nodeDoctor(device);
  const { verdict, ...machine } = reply.data ?? {};
  if (reply.status === "ok" && isVerdict(verdict)) {
    const { ok, hops, first_cause, also } = verdict;
    return { ok, hops, first_cause, also, machine };
  }
  throw api.refused(reply.error ?? texts.doctors.nonsense);
}

// Whether a node's answer has the form of a verdict: it may be of another version, or in a stranger's hands.
function isVerdict(told) {
  const isHop = (hop) => hop instanceof Object && HOPS.includes(hop.hop) && hop.state in texts.states
    && typeof hop.sentence === "string" && typeof (hop.remedy ?? "") === "string";
  return told instanceof Object && Array.isArray(told.hops) && Array.isArray(told.also)
    && [...told.hops, ...told.also, ...(told.first_cause ? [told.first_cause] : [])].every(isHop);
}
