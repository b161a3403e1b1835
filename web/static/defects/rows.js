// What is known of the list: one stretch of the filtered defects around what is seen, newest first, and how many all are.
//
// A row's rank is its place in the whole list. What comes while somebody reads further down is held back, so that
// nothing moves under their eyes; what is far from what is seen is let go and read again.

import { api } from "../common/api.js";
import { counts as isCounted, fits, toApi } from "./query.js";

const PAGE = 100;
const MOST = 1200;
const NEAR = 80;
const OVERLAP = 10;
const MOST_HELD = 300;
const MOST_SEEN = 5000;
const SETTLE_MS = 60;
const LEAVE_MS = 1400;
const RECOUNT_MS = 1500;
const AGAIN_MS = 2000;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Negative: `one` stands before `other`.
export function order(one, other) {
  if (one.detected_at !== other.detected_at) return one.detected_at > other.detected_at ? -1 : 1;
  return one.event_id > other.event_id ? -1 : one.event_id < other.event_id ? 1 : 0;
}

export class Rows {
  wanted = null;
  start = 0;
  list = [];
  counts = null;
  total = 0;
  // How many came that are not shown yet, or that stand above what is seen.
  news = 0;
  problem = null;
  isReading = false;
  onChange = () => {};
  onPut = () => {};
  // Whether a new row may be put in at this rank at once.
  mayShow = () => true;
  #known = new Map();
  #cursors = new Map();
  #held = new Map();
  #heldCount = 0;
  #leaving = new Map();
  #pushed = new Map();
  // Ids of what was pushed lately: what is not among them was not counted yet.
  #seen = new Set();
  #needed = [0, 0];
  #fetching = false;
  #turn = 0;
  #recount = null;

  get(id) {
    return this.#known.get(id) ?? this.#held.get(id);
  }

  at(rank) {
    return this.list[rank - this.start];
  }

  // The rank of a row that is held; -1: it is not.
  rankOf(id) {
    const at = this.#known.has(id) ? this.list.findIndex((defect) => defect.event_id === id) : -1;
    return at < 0 ? -1 : this.start + at;
  }

  isLeaving(id) {
    return this.#leaving.has(id);
  }

  // Show what is asked for, from its beginning. What is shown stays until the answer is there.
  async read(wanted = this.wanted) {
    const isOther = wanted !== this.wanted;
    const turn = this.#begin(wanted);
    const [open, page] = await Promise.all([unconfirmed(), this.#ask(turn, { limit: PAGE })]);
    if (turn !== this.#turn || (!page && !isOther)) return;
    this.#clear();
    this.counts = page?.counts ?? null;
    if (page) this.#take(page);
    this.#end(open);
  }

  // Something may have been missed. The row that stands first on the screen stays there.
  async catchUp(first) {
    if (!first || !this.wanted || this.rankOf(first.event_id) <= 0) return this.read();
    const before = this.rankOf(first.event_id);
    const turn = this.#begin(this.wanted);
    const until = new Date(Date.parse(first.detected_at) + 1).toISOString();
    const [open, above, page] = await Promise.all([
      unconfirmed(), this.#ask(turn, { limit: 1, since: until }), this.#ask(turn, { limit: 2 * PAGE, until }),
    ]);
    if (turn !== this.#turn || !above || !page) return;
    this.#clear();
    this.counts = Object.fromEntries(Object.entries(page.counts).map(([status, n]) => [status, n + above.counts[status]]));
    this.start = this.#sum(above.counts);
    this.news = Math.max(0, this.start - before);
    this.#take(page);
    this.#end(open);
  }

  // These ranks are seen: read what is missing of them.
  need(from, to) {
    this.#needed = [from, to];
    if (!this.#fetching) this.#fetch();
  }

  // A defect as the web pushed it, or as it stands after a review. Whether it is news.
  put(defect) {
    if (this.isReading) this.#pushed.set(defect.event_id, defect);
    const known = this.get(defect.event_id);
    if (known && !isNews(known, defect)) return false;
    this.set(defect);
    return true;
  }

  // As `put`, even if that is older than what is known: a review that was shown before it failed.
  set(defect) {
    const id = defect.event_id;
    const known = this.get(id);
    this.#count(known, defect);
    if (this.#known.has(id)) this.#replace(known, defect);
    else if (fits(this.wanted, defect)) this.#insert(defect);
    else if (this.#held.delete(id)) this.#unhold(1);
    this.#seen.add(id);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.values().next().value);
    this.onPut(defect);
    this.onChange();
  }

  // The store's word came before its row did.
  confirm(id) {
    const known = this.get(id);
    if (known && !known.stored) this.put({ ...known, stored: true, version: known.version ?? -1 });
  }

  // Show what was held back.
  release() {
    const held = [...this.#held.values()];
    const all = held.length === this.#heldCount && this.start === 0;
    this.#held.clear();
    this.#heldCount = this.news = 0;
    if (!all) return this.read();
    for (const defect of held) this.#known.set(defect.event_id, defect);
    this.total += held.length;
    this.#sort();
    this.#trim();
    this.onChange();
  }

  #begin(wanted) {
    this.wanted = wanted;
    this.isReading = true;
    this.#pushed = new Map();
    this.onChange();
    return (this.#turn += 1);
  }

  async #ask(turn, more) {
    try {
      const page = await api.defects(this.#query(more));
      if (turn !== this.#turn) return null;
      this.problem = null;
      return page;
    } catch (error) {
      if (turn === this.#turn) {
        this.problem = error;
        this.isReading = false;
        this.onChange();
      }
      return null;
    }
  }

  #end(open) {
    this.isReading = false;
    if (this.counts) this.#sync();
    for (const defect of [...open, ...this.#pushed.values()]) this.put(defect);
    this.onChange();
    this.#fetch();
  }

  #query(more) {
    const query = toApi(this.wanted);
    for (const [name, value] of Object.entries(more)) query.set(name, value);
    return query;
  }

  #clear() {
    this.start = 0;
    this.list = [];
    this.#known.clear();
    this.#cursors.clear();
    this.#held.clear();
    this.#heldCount = this.news = 0;
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }

  // A page that joins the stretch, or begins one.
  #take({ defects, next_cursor: cursor }) {
    for (const defect of defects) {
      const known = this.#known.get(defect.event_id);
      if (!known || isNews(known, defect)) this.#known.set(defect.event_id, defect);
      if (this.#held.delete(defect.event_id)) this.#unhold(1);
    }
    this.#sort();
    const last = cursor === null ? this.list.at(-1) : defects.at(-1);
    if (last) this.#cursors.set(last.event_id, cursor);
  }

  #sort() {
    this.list = [...this.#known.values()].sort(order);
  }

  #isEnd() {
    return !this.list.length || this.#cursors.get(this.list.at(-1).event_id) === null;
  }

  async #fetch() {
    const step = this.isReading || !this.counts ? null : this.#step();
    if (!step || this.#fetching) return;
    const turn = this.#turn;
    this.#fetching = true;
    try {
      await step(turn);
      if (turn === this.#turn) this.problem = null;
    } catch (error) {
      if (turn === this.#turn) this.problem = error;
    }
    this.#fetching = false;
    this.onChange();
    if (this.problem) setTimeout(() => this.#fetch(), AGAIN_MS);
    else this.#fetch();
  }

  #step() {
    const [from, to] = this.#needed;
    const end = this.start + this.list.length;
    if (!this.total) return null;
    if (from > end + NEAR || to < this.start - NEAR) return (turn) => this.#seek(turn);
    if (to > end - NEAR && !this.#isEnd()) return (turn) => this.#more(turn);
    if (from < this.start + NEAR && this.start > 0) return (turn) => this.#up(turn);
    return null;
  }

  async #more(turn) {
    const last = this.list.at(-1);
    const cursor = this.#cursors.get(last.event_id);
    const skip = Math.max(0, this.#serverRank(this.start + this.list.length) - OVERLAP);
    const page = await api.defects(this.#query(cursor ? { cursor, limit: PAGE } : { skip, limit: PAGE }));
    if (turn !== this.#turn) return;
    this.#take(page);
    this.#sync();
    this.#trim();
  }

  // There is no cursor upwards: begin above, and go on until the stretch is met.
  async #up(turn) {
    const [first, skip] = [this.list[0], Math.max(0, this.#serverRank(this.start) - PAGE)];
    let page = await api.defects(this.#query({ skip, limit: PAGE + OVERLAP }));
    const found = [...page.defects];
    while (turn === this.#turn && page.next_cursor && order(page.defects.at(-1), first) < 0) {
      page = await api.defects(this.#query({ cursor: page.next_cursor, limit: PAGE }));
      found.push(...page.defects);
    }
    if (turn !== this.#turn) return;
    const before = this.list.length;
    this.#take({ defects: found, next_cursor: page.next_cursor });
    this.start = skip ? Math.max(1, this.start - (this.list.length - before)) : 0;
    this.#sync();
    this.#trim();
  }

  // Somebody moved far: what lies between is not read.
  async #seek(turn) {
    await pause(SETTLE_MS);
    if (turn !== this.#turn) return;
    const wanted = Math.min(this.#needed[0], this.total - 1) - NEAR / 2;
    const skip = Math.max(0, this.#serverRank(wanted));
    const page = await api.defects(this.#query({ skip, limit: 2 * PAGE }));
    if (turn !== this.#turn) return;
    const shift = skip - wanted;
    const [held, heldCount, news] = [new Map(this.#held), this.#heldCount, this.news];
    this.#clear();
    if (skip) [this.#held, this.#heldCount, this.news] = [held, heldCount, news];
    this.#take(page);
    this.start = skip ? Math.max(1, skip - shift) : 0;
    this.#sync();
  }

  // What is held back stands in the store already, what is not stored yet does not.
  #serverRank(rank) {
    const unstored = this.start === 0 ? this.list.filter((defect) => !defect.stored).length : 0;
    return rank + this.#heldCount - unstored;
  }

  #sum(counts) {
    const statuses = this.wanted.statuses.length ? this.wanted.statuses : Object.keys(counts);
    return statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  }

  // How long the list is: as the store counts, unless all of it is here.
  #sync() {
    const unstored = this.list.filter((defect) => !defect.stored).length;
    const held = this.#heldCount - [...this.#held.values()].filter((defect) => !defect.stored).length;
    const counted = this.#sum(this.counts) - held + unstored + this.#leaving.size;
    const end = this.start + this.list.length;
    this.total = this.#isEnd() ? end : Math.max(counted, end + 1);
  }

  #trim() {
    const spare = this.list.length - MOST;
    if (spare <= 0) return;
    const above = this.#needed[0] - this.start;
    const below = this.start + this.list.length - this.#needed[1];
    const gone = above > below ? this.list.splice(0, spare) : this.list.splice(MOST);
    if (above > below) this.start += spare;
    for (const { event_id: id } of gone) {
      this.#known.delete(id);
      this.#cursors.delete(id);
    }
  }

  // Keep the counts true; where that cannot be told, ask.
  #count(known, defect) {
    if (!this.counts || !defect.stored) return;
    const counted = (one) => (one?.stored && isCounted(this.wanted, one) ? one.status : null);
    if (!known && (this.#seen.has(defect.event_id) || defect.version > 0)) return this.#recountSoon();
    const [before, after] = [counted(known), counted(defect)];
    if (before === after) return;
    this.counts = { ...this.counts };
    if (before) this.counts[before] -= 1;
    if (after) this.counts[after] = (this.counts[after] ?? 0) + 1;
  }

  #recountSoon() {
    this.#recount ??= setTimeout(async () => {
      this.#recount = null;
      const turn = this.#turn;
      const page = await api.defects(this.#query({ limit: 1 })).catch(() => null);
      if (!page || turn !== this.#turn || this.isReading) return;
      this.counts = page.counts;
      this.#sync();
      this.onChange();
    }, RECOUNT_MS);
  }

  #replace(known, defect) {
    const id = defect.event_id;
    this.#known.set(id, defect);
    if (known.detected_at === defect.detected_at) this.list[this.list.indexOf(known)] = defect;
    else this.#sort();
    clearTimeout(this.#leaving.get(id));
    this.#leaving.delete(id);
    if (!fits(this.wanted, defect)) this.#leaving.set(id, setTimeout(() => this.#remove(id), LEAVE_MS));
  }

  // Where its row stood the next page still begins.
  #remove(id) {
    const at = this.list.findIndex((defect) => defect.event_id === id);
    if (this.#cursors.has(id) && at > 0 && !this.#cursors.has(this.list[at - 1].event_id)) {
      this.#cursors.set(this.list[at - 1].event_id, this.#cursors.get(id));
    }
    this.list.splice(at, 1);
    this.#known.delete(id);
    this.#cursors.delete(id);
    this.#leaving.delete(id);
    this.total -= 1;
    this.onChange();
    this.#fetch();
  }

  #insert(defect) {
    const after = this.list.findIndex((other) => order(defect, other) < 0);
    const at = after < 0 ? this.list.length : after;
    if (after < 0 && !this.#isEnd()) return;
    const isAbove = at === 0 && (this.start > 0 || this.#heldCount > 0);
    if (isAbove || this.#held.has(defect.event_id) || !this.mayShow(this.start + at)) return this.#hold(defect);
    this.#known.set(defect.event_id, defect);
    this.list.splice(at, 0, defect);
    this.total += 1;
    this.#trim();
  }

  #hold(defect) {
    const isHeld = this.#held.has(defect.event_id);
    if (isHeld || this.#held.size < MOST_HELD) this.#held.set(defect.event_id, defect);
    if (!isHeld && !this.#seen.has(defect.event_id)) this.#unhold(-1);
  }

  #unhold(count) {
    this.#heldCount = Math.max(0, this.#heldCount - count);
    this.news = Math.max(0, this.news - count);
  }
}

const unconfirmed = () => api.unconfirmed().then((answer) => answer.defects, () => []);

// What is stored is not made unstored by a find that is only repeated; an older word changes nothing.
function isNews(known, defect) {
  if (known.stored && !defect.stored) return false;
  return known.rev <= defect.rev && (known.version ?? -1) <= (defect.version ?? -1);
}
