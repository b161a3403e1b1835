// What was counted: as the web read it, and what was found since, until a newer reading has it.

import { indexIn } from "./query.js";

const MAX_FRESH = 5000;

export class Tally {
  #counts = [];
  #fresh = new Map();

  // A new reading, begun at `begunAt` (ms of this page): what was stored by then is in it.
  take(counts, begunAt) {
    this.#counts = counts.map((one) => ({ ...one, at: Date.parse(one.at) }));
    for (const [id, find] of this.#fresh) if (find.storedAt !== null && find.storedAt <= begunAt) this.#fresh.delete(id);
  }

  // Another filter or range: nothing of before is right.
  clear() {
    this.#counts = [];
    this.#fresh.clear();
  }

  // One more, found just now; false where it is counted already.
  add({ event_id: id, device_id, label, detected_at }) {
    if (this.#fresh.has(id) || this.#fresh.size >= MAX_FRESH) return false;
    this.#fresh.set(id, { device_id, label, at: Date.parse(detected_at), count: 1, storedAt: null });
    return true;
  }

  // It is in the store from now on; false where it is none of those that were added here.
  stored(id) {
    const find = this.#fresh.get(id);
    if (find) find.storedAt ??= performance.now();
    return find !== undefined;
  }

  // Words of the store may have been missed: the next reading tells all of what was found so far.
  missed() {
    for (const id of this.#fresh.keys()) this.stored(id);
  }

  // The store does not take it; false where it is none of those that were added here.
  refused(id) {
    return this.#fresh.delete(id);
  }

  // {series: [{key, total}], most first, values: Map of key to a number for each stretch of `range`, total}
  by(name, range) {
    const values = new Map();
    for (const one of [...this.#counts, ...this.#fresh.values()]) {
      const index = indexIn(range, one.at);
      if (index < 0) continue;
      const key = one[name];
      if (!values.has(key)) values.set(key, new Array(range.starts.length).fill(0));
      values.get(key)[index] += one.count;
    }
    const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
    const series = [...values].map(([key, numbers]) => ({ key, total: sum(numbers) }))
      .sort((one, other) => other.total - one.total || (one.key < other.key ? -1 : 1));
    return { series, values, total: sum(series.map(({ total }) => total)) };
  }
}
