// Which defects are selected, one by one, from one to another, or all that are loaded: each as it was seen then.

import { canBeReviewed } from "./reviews.js";

export class Selection {
  onChange = () => {};
  // Which version one has that only this person changed since.
  versionOf = ({ version }) => version;
  #rows;
  #picked = new Map();
  #anchor = null;

  constructor(rows) {
    this.#rows = rows;
  }

  get size() {
    return this.#picked.size;
  }

  has(id) {
    return this.#picked.has(id);
  }

  get defects() {
    return [...this.#picked.values()];
  }

  // `isRange`: with all from the one before.
  pick(id, isPicked = !this.#picked.has(id), isRange = false) {
    for (const defect of isRange ? this.#between(this.#anchor, id) : [this.#rows.get(id)]) {
      if (!defect || !canBeReviewed(defect)) continue;
      if (isPicked) this.#picked.set(defect.event_id, defect);
      else this.#picked.delete(defect.event_id);
    }
    this.#anchor = id;
    this.onChange();
  }

  pickAll() {
    for (const defect of this.#rows.list) if (canBeReviewed(defect)) this.#picked.set(defect.event_id, defect);
    this.onChange();
  }

  // As they were seen, where the list still has them.
  pickAgain(defects) {
    for (const defect of defects) if (this.#rows.get(defect.event_id)) this.#picked.set(defect.event_id, defect);
    this.onChange();
  }

  pickNone() {
    if (!this.size) return;
    this.#picked.clear();
    this.onChange();
  }

  // It stands otherwise now. What somebody else changed stays as it was seen, so that nobody overwrites it unknowingly.
  put(defect) {
    const picked = this.#picked.get(defect.event_id);
    if (picked && this.versionOf(picked) === defect.version) this.#picked.set(defect.event_id, defect);
  }

  #between(one, other) {
    const [from, to] = [one, other].map((id) => this.#rows.rankOf(id)).sort((a, b) => a - b);
    if (from < 0) return [this.#rows.get(other)];
    return this.#rows.list.slice(from - this.#rows.start, to - this.#rows.start + 1);
  }
}
