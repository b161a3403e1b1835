// How a device is, from what is known of it, and what becomes of a change that may break it.

import { SIGNS } from "../common/format.js";
import { texts } from "../texts/devices.js";

const UNSEEN_MS = 8000;
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

// Where the page of a device leaves what the list is to say of its end.
export const RETIRED = "glassline-retired";

// {state, word, sign, reason}; `state` is one of ok, degraded, failed.
export function stateOf({ online, why, health, cause }) {
  if (!online) return { state: "failed", word: texts.states.offline, sign: SIGNS.failed, reason: why ?? "" };
  const state = cause?.state ?? health?.state ?? "ok";
  return { state, word: texts.states[state], sign: SIGNS[state], reason: cause?.sentence ?? "" };
}

export const nameOf = (device) => device.name ?? device.deviceId;
export const needsLook = (device) => stateOf(device).state !== "ok";

// What each column is sorted by, and whether the highest goes first.
const RANK = { failed: 0, degraded: 1, ok: 3 };
// Names that never said what they are may be made up: behind those that are known to be ill.
const rank = (device) => (device.role === null ? 2 : RANK[stateOf(device).state]);
export const SORTS = {
  name: (one, other) => byNumber(nameOf(one), nameOf(other)),
  state: (one, other) => rank(one) - rank(other),
  role: (one, other) => byNumber(texts.role(one.role), texts.role(other.role)),
  version: (one, other) => byNumber(one.info?.version ?? "", other.info?.version ?? ""),
  model: (one, other) => byNumber(one.info?.model?.name ?? "\uffff", other.info?.model?.name ?? "\uffff"),
  camera: numbers(({ health }) => health?.capture_fps, 1),
  inference: numbers(({ health }) => health?.inference_ms?.p95),
  temperature: numbers(({ health }) => health?.cpu_temp_c),
  outbox: numbers(({ health }) => health?.outbox?.depth),
  lag: numbers(({ health }) => health?.live?.frame_ms),
  last: (one, other) => lastWord(one) - lastWord(other),
};

function numbers(of, sign = -1) {
  return (one, other) => {
    // What was said before it went away is no number of now.
    const [a, b] = [one, other].map((device) => (device.online ? of(device) : undefined));
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (a - b);
  };
}

// Seconds since it last said something, as far as is known; a day and more from the store's word.
export function lastWord({ health_age_s: age, gotAt, last_seen_at: seen }) {
  if (age !== null) return age + (performance.now() - gotAt) / 1000;
  return seen ? Math.max((Date.now() - Date.parse(seen)) / 1000, 0) : Infinity;
}

// What a text may be found in.
export function told(device) {
  const { info, role } = device;
  return [device.name, device.deviceId, texts.role(role), role, info?.version, info?.model?.name, info?.hostname, info?.camera?.uri,
    stateOf(device).word, stateOf(device).reason].filter(Boolean).join(" ").toLowerCase();
}

// A change that may break camera or detector: on probation, then kept, or taken back and why.
export class Probation {
  #names;
  #before;
  #seen = false;
  #at = performance.now();
  #within_s;

  // `reply`: what the device answered; `device`: as it was known before.
  constructor({ on_probation: names, decided_within_s: within = 180 }, device) {
    [this.#names, this.#within_s] = [names, within];
    this.#before = device?.info?.config?.taken_back?.at ?? null;
  }

  get names() {
    return this.#names;
  }

  // Seconds until it is decided at the latest.
  get left() {
    return Math.max(Math.ceil(this.#within_s - (performance.now() - this.#at) / 1000), 0);
  }

  // {state: "waits" | "kept" | "taken_back", why}
  look(device) {
    const { on_probation: now = [], taken_back: back } = device?.info?.config ?? {};
    if (this.#names.some((name) => now.includes(name))) this.#seen = true;
    else if (back && back.at !== this.#before) return { state: "taken_back", why: whyOf(back) };
    else if (this.#seen || performance.now() - this.#at > UNSEEN_MS) return { state: "kept" };
    return { state: "waits" };
  }
}

// Why a change was taken back, to stand in a sentence.
export function whyOf({ why }) {
  return why.replace(/^with it: /, "").replace(/\.$/, "");
}
