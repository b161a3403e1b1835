// What becomes of a change that may break camera or detector: on probation, then kept, or taken back and why.

const UNSEEN_MS = 8000;

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
