// The strip from lens to eye: every hop with its state and age, and the first cause with its remedy.

import { el, say, sentence } from "./dom.js";
import { age } from "./format.js";
import { seconds } from "./connection.js";
import { texts } from "./texts.js";

const HOPS = Object.keys(texts.hops);
const LIVE_PATH = ["camera", "node", "broker", "web"];
const STALL_S = 6;
const PATIENCE_S = 3;

export class Chain {
  onCause = () => {};
  #connection;
  #stage;
  #chain = null;
  #gotAt = 0;
  #watchedAt = seconds();

  constructor(root, connection, stage) {
    this.#connection = connection;
    this.#stage = stage;
    this.hops = new Map(HOPS.map((hop) => [hop, this.#hopElement(hop)]));
    this.cause = el("div", { class: "cause", role: "status" });
    root.append(
      el("ol", { class: "hops", "aria-label": texts.chain.title }, ...[...this.hops.values()].map((hop) => hop.item)),
      this.cause);
    setInterval(() => this.update(), 500);
    this.update();
  }

  // Another device is looked at.
  reset() {
    this.#chain = null;
    this.#watchedAt = seconds();
    this.update();
  }

  take(chain) {
    this.#chain = chain;
    this.#gotAt = seconds();
    this.update();
  }

  update() {
    const verdict = this.#connection.open ? this.#seen() : this.#unseen();
    for (const hop of verdict.hops) this.#showHop(hop);
    this.#showCause(verdict.first_cause, verdict.also);
    this.onCause(verdict.first_cause);
  }

  #hopElement(name) {
    const age = el("span", { class: "hop-age" });
    const item = el("li", { class: "hop unknown" },
      el("span", { class: "dot", "aria-hidden": "true" }), el("span", { class: "hop-name" }, texts.hops[name]), age);
    return { item, age };
  }

  #showHop(hop) {
    const { item, age: ageElement } = this.hops.get(hop.hop);
    const className = `hop ${hop.state}`;
    if (item.className !== className) item.className = className;
    say(ageElement, hop.age_s === null || hop.age_s === undefined ? "–" : age(hop.age_s));
    const title = `${texts.states[hop.state]}: ${hop.sentence}`;
    if (item.title !== title) item.title = title;
  }

  #showCause(cause, also) {
    const key = cause ? `${cause.state}|${cause.sentence}|${cause.remedy}|${also.length}` : "";
    if (this.cause.dataset.key === key) return;
    this.cause.dataset.key = key;
    this.cause.className = cause ? `cause ${cause.state}` : "cause";
    this.cause.replaceChildren();
    if (!cause) return;
    this.cause.append(
      el("p", { class: "what" }, el("strong", {}, texts.hops[cause.hop]), " ", ...sentence(cause.sentence)));
    if (cause.remedy) this.cause.append(el("p", { class: "remedy" }, ...sentence(cause.remedy)));
    if (also.length) {
      this.cause.append(el("details", {}, el("summary", {}, texts.chain.also(also.length)),
        ...also.map((one) => el("p", {}, el("strong", {}, texts.hops[one.hop]), " ", ...sentence(one.sentence)))));
    }
  }

  // What the web says, its ages grown by the time since, and what only this page can know.
  #seen() {
    const chain = this.#chain;
    const known = new Map((chain?.hops ?? []).map((hop) => [hop.hop, { ...hop, age_s: this.#aged(hop) }]));
    const missing = (hop) => plain(hop, "unknown", chain ? texts.devices.none : texts.web.connecting);
    const hops = HOPS.slice(0, -1).map((hop) => known.get(hop) ?? missing(hop));
    const you = this.#you(chain);
    const first = chain?.first_cause ?? (you.state === "failed" ? you : null);
    return { hops: [...hops, you], first_cause: first, also: chain?.also ?? [] };
  }

  // A picture that is live here is a sign of life of all that it came through.
  #aged({ hop, state, age_s: then }) {
    const aged = then === null ? null : then + seconds() - this.#gotAt;
    if (state !== "ok" || !LIVE_PATH.includes(hop) || !this.#stage.isLive()) return aged;
    return Math.min(aged ?? Infinity, this.#stage.age());
  }

  #you(chain) {
    const arrival = this.#stage.arrival();
    if (this.#stage.isLive()) return { ...plain("you", "ok", texts.you.well), age_s: this.#stage.age() };
    const waited = arrival ?? seconds() - Math.max(this.#watchedAt, this.#connection.since);
    const visible = document.visibilityState === "visible";
    const sent = chain?.ok && chain.hops.some((hop) => hop.hop === "web" && hop.state === "ok" && hop.age_s !== null);
    if (visible && sent && waited > STALL_S && this.#stage.device !== null) {
      return { ...plain("you", "failed", texts.you.stalled(age(waited)), texts.you.stalledRemedy), age_s: waited };
    }
    return { ...plain("you", "unknown", texts.you.unknown), age_s: arrival };
  }

  // Without the web nothing behind it can be seen.
  #unseen() {
    const waited = seconds() - this.#connection.since;
    const offline = !navigator.onLine;
    const web = waited < PATIENCE_S && !offline
      ? plain("web", "unknown", texts.web.connecting)
      : { ...plain("web", offline ? "unknown" : "failed", texts.web.down(location.host), texts.web.downRemedy), age_s: waited };
    const you = offline
      ? { ...plain("you", "failed", texts.you.offline, texts.you.offlineRemedy), age_s: waited }
      : { ...plain("you", "unknown", texts.you.unknown), age_s: this.#stage.arrival() };
    const behind = HOPS.slice(0, -2).map((hop) => plain(hop, "unknown", texts.web.behind));
    return { hops: [...behind, web, you], first_cause: [you, web].find((hop) => hop.state === "failed") ?? null, also: [] };
  }
}

function plain(hop, state, text, remedy = "") {
  return { hop, state, sentence: text, remedy, age_s: null };
}
