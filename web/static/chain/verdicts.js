// The whole chain, lens to eye: the web's verdict, and what only this page can know put to it by diagnosis' own rules.

import { api, seconds } from "../common/web.js";
import { WELL, wordsOf } from "./cutoff.js";
import { age } from "../common/format.js";
import { texts } from "../texts/texts.js";

export const HOPS = Object.keys(texts.hops);
const LIVE_PATH = ["camera", "node", "broker", "web"];
const STALL_S = 6;
const ASK_MS = 2000;

export class Verdicts {
  #connection;
  #cutOff;
  #picture;
  #chain = null;
  #gotAt = 0;
  #watchedAt = seconds();

  // `picture` tells of the newest one: `device`, `age()`, `arrival()`, `isLive()`.
  constructor(connection, cutOff, picture) {
    [this.#connection, this.#cutOff, this.#picture] = [connection, cutOff, picture];
    document.addEventListener("visibilitychange", () => { this.#watchedAt = seconds(); });
    setInterval(() => this.#ask(), ASK_MS);
  }

  // Another device is looked at.
  reset() {
    this.#chain = null;
    this.#watchedAt = seconds();
  }

  // What the web says of it, and when that came.
  take(chain, gotAt = seconds()) {
    [this.#chain, this.#gotAt] = [chain, gotAt];
  }

  // {ok, hops, first_cause, also, away}; `ok` is null while that is not known, `away`: the web gives no other page now.
  now() {
    const { answers } = this.#cutOff;
    const own = this.#cutOff.told();
    if (!own) return this.#connection.open ? this.#joined(this.#you()) : plain(texts.cutOff.connecting);
    return answers && this.#chain ? this.#joined(own) : { ...inOrder(own.verdict), away: !answers };
  }

  // Without pushes the chain can still be asked for.
  #ask() {
    const device = this.#picture.device;
    if (!this.#cutOff.fault || !this.#cutOff.answers || device === null) return;
    api.chain(device).then((chain) => { if (device === this.#picture.device) this.take(chain); }, () => {});
  }

  // The last hop while the web is heard.
  #you() {
    const picture = this.#picture;
    if (picture.isLive()) return one({ ...WELL, age_s: picture.age() });
    const could = seconds() - Math.max(this.#watchedAt, this.#connection.since);
    const waited = picture.arrival() ?? could;
    const stalls = Math.min(waited, could) > STALL_S && this.#webSends();
    if (stalls && document.visibilityState === "visible" && picture.device !== null) {
      const own = wordsOf("you.stalled", { age: age(waited) });
      return { ...own, verdict: { ...own.verdict, hops: own.verdict.hops.map((hop) => ({ ...hop, age_s: waited })) } };
    }
    return one(unknown("you", texts.cutOff.noPicture, picture.arrival()));
  }

  #webSends() {
    const web = this.#chain?.hops.find((hop) => hop.hop === "web");
    return web?.state === "ok" && web.age_s !== null && web.age_s < STALL_S && seconds() - this.#gotAt < STALL_S;
  }

  // The web's verdict and the page's own as one: what follows from another fault is no cause, failed goes before
  // degraded, and the first along the chain is the first cause.
  #joined({ verdict, follows, awaits }) {
    const chain = this.#chain;
    const known = new Map((chain?.hops ?? []).map((hop) => [hop.hop, { ...hop, age_s: this.#aged(hop) }]));
    const causes = chain ? [chain.first_cause, ...chain.also].filter(Boolean) : [];
    for (const hop of verdict.hops) {
      if (hop.hop === "you" || isFault(hop)) known.set(hop.hop, explained(hop, causes, follows, awaits, known));
    }
    const own = verdict.hops.map((hop) => known.get(hop.hop)).filter((hop, at) => isFault(verdict.hops[at]) && isCause(hop));
    const all = [...causes, ...own].sort((one, other) => rank(one) - rank(other));
    const hops = HOPS.map((hop) => known.get(hop) ?? unknown(hop, chain ? texts.devices.none : texts.cutOff.connecting));
    const seen = chain !== null && hops.every((hop) => hop.state !== "unknown");
    return { ok: all.length ? false : seen ? true : null, hops, first_cause: all[0] ?? null, also: all.slice(1), away: false };
  }

  // A picture that is live here is a sign of life of all that it came through.
  #aged({ hop, state, age_s: then }) {
    const aged = then === null ? null : then + seconds() - this.#gotAt;
    if (state !== "ok" || !LIVE_PATH.includes(hop) || !this.#picture.isLive()) return aged;
    return Math.min(aged ?? Infinity, this.#picture.age());
  }
}

function explained(hop, causes, follows, awaits, known) {
  if (!isFault(hop)) return hop;
  const cause = causes.find((other) => follows.includes(other.code));
  if (cause) return { ...hop, remedy: "", explained_by: cause.hop };
  const awaited = awaits.find((name) => (known.get(name)?.state ?? "unknown") === "unknown");
  return awaited ? { ...hop, state: "unknown", code: null, remedy: "", explained_by: awaited } : hop;
}

const isFault = (hop) => hop.state === "failed" || hop.state === "degraded";
const isCause = (hop) => isFault(hop) && !hop.explained_by;
const rank = (hop) => (hop.state === "failed" ? 0 : HOPS.length) + HOPS.indexOf(hop.hop);
const unknown = (hop, text, age_s = null) =>
  ({ hop, state: "unknown", age_s, code: null, sentence: text, remedy: "", explained_by: null });
const one = (hop) => ({ verdict: { hops: [hop] }, follows: [], awaits: [] });
const plain = (text) => ({ ok: null, hops: HOPS.map((hop) => unknown(hop, text)), first_cause: null, also: [], away: true });

function inOrder({ hops, first_cause: first }) {
  const known = new Map(hops.map((hop) => [hop.hop, hop]));
  return { ok: false, hops: HOPS.map((hop) => known.get(hop) ?? unknown(hop, "")), first_cause: first, also: [] };
}
