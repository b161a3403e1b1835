// When nothing is heard of the web: which side is silent. Asked over plain HTTP, beside the WebSocket, and told in
// diagnosis' own words, which came with the page.

import { api, seconds } from "../common/web.js";
import { el, say, sentence, write } from "../common/dom.js";
import { age, clock } from "../common/format.js";
import { texts } from "../texts/texts.js";

const TICK_MS = 500;
const SHOW_MS = 1000;
const EVERY_S = 1;
const IDLE_EVERY_S = 5;
const PATIENCE_S = 3;
const SILENT_S = 6;
const GREETING_S = 3;
const HEALTH_MS = 4000;
const TRIES = 2;
const GATEWAY = [502, 503, 504];
const PORTS = { "http:": "80", "https:": "443" };
const WORDS = JSON.parse(document.querySelector("#words").textContent);

// The last hop while all is well.
export const WELL = WORDS.well;

// {verdict, follows, awaits}: the verdict of a page that sees this and nothing else, and what it may follow from.
export function wordsOf(code, facts = {}) {
  const known = { address: location.origin, host: location.hostname, port: location.port || PORTS[location.protocol], ...facts };
  const fill = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
  const filled = (hop) => ({ ...hop, sentence: fill(hop.sentence), remedy: fill(hop.remedy) });
  const { verdict, follows, awaits } = WORDS.faults[code];
  return { verdict: { ...verdict, hops: verdict.hops.map(filled), first_cause: filled(verdict.first_cause) }, follows, awaits };
}

// Fires "found" whenever another fault is found, or none any more.
export class CutOff extends EventTarget {
  // {code, facts, at}, `words` {sentence, remedy} where the web said its own; null: none, or not known yet.
  fault = null;
  // Whether the web answers plain HTTP, though its WebSocket is silent.
  answers = false;
  #connection;
  #busy = false;
  #nextAt = 0;
  // Since when the web has answered without a break, as far as it was asked: the page itself came from it.
  #healthySince = seconds();
  #refusedAt = [];
  #blocked = 0;

  constructor(connection) {
    super();
    this.#connection = connection;
    connection.addEventListener("open", () => this.#forget());
    connection.addEventListener("close", ({ detail }) => detail.refused && this.#refused(detail.triedAt));
    addEventListener("offline", () => this.#tick());
    setInterval(() => this.#tick(), TICK_MS);
  }

  // What is wrong, as `wordsOf` gives it, with its age; null: nothing, or not known yet.
  told() {
    if (!this.fault) return null;
    const { code, facts, words, at } = this.fault;
    const { verdict, ...more } = words ? said(code, words) : wordsOf(code, facts);
    const aged = (hop) => (hop.code === code ? { ...hop, age_s: seconds() - at } : hop);
    return { ...more, verdict: { ...verdict, hops: verdict.hops.map(aged), first_cause: aged(verdict.first_cause) } };
  }

  #forget() {
    [this.#healthySince, this.#refusedAt, this.#blocked] = [null, [], 0];
  }

  // A try counts only if the web answered before it, and again after it: otherwise the web itself was away.
  #refused(triedAt) {
    if (this.#healthySince !== null && this.#healthySince <= triedAt) this.#refusedAt.push(seconds());
  }

  // A web greets at once, and then says something every 2 s.
  #isSilent() {
    return this.#connection.silentFor() > (this.#connection.heard ? SILENT_S : GREETING_S);
  }

  async #tick() {
    if (!this.#isSilent()) return this.#connection.heard && this.#set(null);
    if (!navigator.onLine) {
      this.answers = false;
      return this.#found("you.offline");
    }
    if (this.#busy || seconds() < this.#nextAt) return;
    this.#busy = true;
    try {
      await this.#look();
    } finally {
      this.#busy = false;
      this.#nextAt = seconds() + (this.#connection.wanted || this.fault ? EVERY_S : IDLE_EVERY_S);
    }
  }

  async #look() {
    const askedAt = seconds();
    const down = await health();
    if (!this.#isSilent() || !navigator.onLine) return;
    this.answers = down === null;
    if (down) {
      this.#forget();
      if (this.#waited() >= PATIENCE_S) this.#found(down.code, down.facts);
      return;
    }
    this.#healthySince ??= seconds();
    this.#blocked += this.#refusedAt.some((at) => at <= askedAt) ? 1 : 0;
    this.#refusedAt = this.#refusedAt.filter((at) => at > askedAt);
    if (this.#connection.open) this.#found("you.stalled", { age: age(this.#connection.quietFor()) });
    else if (this.#blocked >= TRIES && this.#waited() >= PATIENCE_S) await this.#foundBlocked();
    else if (!this.#blocked) this.#set(null);
  }

  // The web answers and its WebSocket does not: it says itself whether it would take one from this page.
  async #foundBlocked() {
    try {
      await api.liveCheck();
      this.#found("web.websocket_blocked");
    } catch (error) {
      if (error.code === "web.foreign_origin") this.#found("web.origin_refused");
      else if (error.status > 401) this.#found(error.code, {}, { sentence: error.sentence(), remedy: error.hint });
    }
  }

  #waited() {
    return seconds() - this.#connection.since;
  }

  #found(code, facts = {}, words = null) {
    const connection = this.#connection;
    const at = connection.open ? seconds() - connection.quietFor() : connection.since;
    this.#set({ code, facts, words, at });
  }

  #set(fault) {
    const before = this.fault?.code;
    this.fault = fault;
    if (before !== fault?.code) this.dispatchEvent(new Event("found"));
  }
}

// What the web itself said of why it takes no WebSocket.
function said(code, { sentence, remedy }) {
  const hop = { hop: "web", state: "failed", age_s: 0, code, sentence, remedy, explained_by: null };
  return { verdict: { ok: false, hops: [hop], first_cause: hop, also: [] }, follows: [], awaits: [] };
}

// null: our web answers; else the fault.
async function health() {
  try {
    const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(HEALTH_MS) });
    const body = await answer.json().catch(() => null);
    if (body?.program === "glassline web") return null;
    if (GATEWAY.includes(answer.status)) return { code: "web.down", facts: { error: texts.cutOff.gateway(answer.status) } };
    return { code: "web.not_glassline", facts: { holder: texts.cutOff.holder(answer.status) } };
  } catch (error) {
    const why = error.name === "TimeoutError" ? texts.cutOff.hangs(HEALTH_MS / 1000) : texts.cutOff.refused;
    return { code: "web.down", facts: { error: why } };
  }
}

// On pages without the chain: that the page is cut off, why, since when, and that it tries again.
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
    setInterval(() => this.#show(), SHOW_MS);
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
