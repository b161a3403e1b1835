// What is known of a long list: one unbroken stretch of it, newest first, and what came but is held back.

import { isNews, order } from "../common/finds.js";

const MOST = 1200;
const MOST_HELD = 300;

// What lies far from what is seen is let go, and can be read again.
export class Stretch {
  // The rank of its first row.
  start = 0;
  list = [];
  #known = new Map();
  // By the id of the last row before it: the cursor of the page that follows; null: there is none.
  #cursors = new Map();

  get end() {
    return this.start + this.list.length;
  }

  get(id) {
    return this.#known.get(id);
  }

  at(rank) {
    return this.list[rank - this.start];
  }

  // -1: it is not here.
  rankOf(id) {
    const at = this.#known.has(id) ? this.list.findIndex((defect) => defect.event_id === id) : -1;
    return at < 0 ? -1 : this.start + at;
  }

  // Whether the list ends with it.
  get isLast() {
    return !this.list.length || this.cursor === null;
  }

  // Of the page that follows; undefined: it is not known.
  get cursor() {
    return this.#cursors.get(this.list.at(-1)?.event_id);
  }

  clear() {
    this.start = 0;
    this.list = [];
    this.#known.clear();
    this.#cursors.clear();
  }

  // A page that joins it, or begins it.
  take(defects, cursor) {
    for (const defect of defects) {
      const known = this.#known.get(defect.event_id);
      if (!known || isNews(known, defect)) this.#known.set(defect.event_id, defect);
    }
    this.#sort();
    const last = cursor === null ? this.list.at(-1) : defects.at(-1);
    if (last) this.#cursors.set(last.event_id, cursor);
  }

  // Where in the list it belongs, 0 for the first place.
  placeOf(defect) {
    const after = this.list.findIndex((other) => order(defect, other) < 0);
    return after < 0 ? this.list.length : after;
  }

  insert(defect) {
    this.list.splice(this.placeOf(defect), 0, defect);
    this.#known.set(defect.event_id, defect);
  }

  replace(defect) {
    const known = this.#known.get(defect.event_id);
    this.#known.set(defect.event_id, defect);
    if (known.detected_at === defect.detected_at) this.list[this.list.indexOf(known)] = defect;
    else this.#sort();
  }

  // Where its row stood the next page still begins.
  remove(id) {
    const at = this.list.findIndex((defect) => defect.event_id === id);
    if (at < 0) return false;
    const before = this.list[at - 1]?.event_id;
    if (this.#cursors.has(id) && before && !this.#cursors.has(before)) this.#cursors.set(before, this.#cursors.get(id));
    this.list.splice(at, 1);
    this.#known.delete(id);
    this.#cursors.delete(id);
    return true;
  }

  // Ranks `from` to `to` are seen.
  trim(from, to) {
    const spare = this.list.length - MOST;
    if (spare <= 0) return;
    const isAbove = from - this.start > this.end - to;
    const gone = isAbove ? this.list.splice(0, spare) : this.list.splice(MOST);
    if (isAbove) this.start += spare;
    for (const { event_id: id } of gone) {
      this.#known.delete(id);
      this.#cursors.delete(id);
    }
  }

  #sort() {
    this.list = [...this.#known.values()].sort(order);
  }
}

// What came while somebody reads further down: all of it is counted, and the first of it kept.
export class Held {
  count = 0;
  news = 0;
  #kept = new Map();

  get defects() {
    return [...this.#kept.values()];
  }

  // How many of them the store counts.
  get stored() {
    return this.count - this.defects.filter((defect) => !defect.stored).length;
  }

  get(id) {
    return this.#kept.get(id);
  }

  // `isKnown`: it was counted before.
  hold(defect, { isKnown }) {
    const isHeld = this.#kept.has(defect.event_id);
    if (isHeld || this.#kept.size < MOST_HELD) this.#kept.set(defect.event_id, defect);
    if (isHeld || isKnown) return;
    this.count += 1;
    this.news += 1;
  }

  drop(id) {
    if (!this.#kept.delete(id)) return;
    this.count = Math.max(0, this.count - 1);
    this.news = Math.max(0, this.news - 1);
  }

  clear() {
    this.#kept.clear();
    this.count = this.news = 0;
  }
}
