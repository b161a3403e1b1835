// What is known of the list: a stretch of the filtered defects around what is seen, and how many all are.
//
// A row's rank is its place in the whole list. What comes while somebody reads further down is held back, so that
// nothing moves under their eyes.

import { api } from "../common/web.js";
import { counts as isCounted, fits, toApi } from "./query.js";
import { isNews, order } from "../common/finds.js";
import { Held, Stretch } from "./stretch.js";

const PAGE = 100;
const NEAR = 80;
const OVERLAP = 10;
const MOST_SEEN = 1000;
const SETTLE_MS = 60;
const LEAVE_MS = 1400;
const RECOUNT_MS = 1500;
const AGAIN_MS = 2000;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const unconfirmed = () => api.unconfirmed().then((answer) => answer.defects, () => []);

export class Rows {
  wanted = null;
  counts = null;
  total = 0;
  problem = null;
  isReading = false;
  onChange = () => {};
  onPut = () => {};
  // Whether a new row may be put in at this rank at once.
  mayShow = () => true;
  // The row that stands first on the screen and is to stay there; null: that is the top.
  first = () => null;
  #stretch = new Stretch();
  #held = new Held();
  #leaving = new Map();
  // While something is read: the answer may be older.
  #pushed = new Map();
  // Ids of what was pushed lately: what is not among them was not counted yet.
  #seen = new Set();
  #needed = [0, 0];
  // The turn for which more of the list is read; null: none.
  #fetching = null;
  #turn = 0;
  #recount = null;

  // How many came that are not shown yet, or that stand above what is seen.
  get news() {
    return this.#held.news;
  }

  // What is held of the list, from its rank `start` on.
  get list() {
    return this.#stretch.list;
  }

  get start() {
    return this.#stretch.start;
  }

  get(id) {
    return this.#stretch.get(id) ?? this.#held.get(id);
  }

  at(rank) {
    return this.#stretch.at(rank);
  }

  rankOf(id) {
    return this.#stretch.rankOf(id);
  }

  // It fits no more, and goes in a moment.
  isLeaving(id) {
    return this.#leaving.has(id);
  }

  // -- reading ------------------------------------------------------------------------------------------------

  // Show what is asked for, from its beginning. What is shown stays until the answer is there.
  async read(wanted = this.wanted) {
    const isOther = wanted !== this.wanted;
    const turn = this.#begin(wanted);
    const [open, answers] = await Promise.all([unconfirmed(), this.#ask(turn, { limit: PAGE })]);
    if (turn !== this.#turn || (!answers && !isOther)) return;
    const [page] = answers ?? [];
    this.#clear();
    this.counts = page?.counts ?? null;
    if (page) this.#take(page);
    this.#end(open);
  }

  // Something may have been missed. What is on the screen stays there.
  async catchUp() {
    const first = this.first();
    const before = first ? this.rankOf(first.event_id) : 0;
    if (before <= 0 || !this.counts) return this.read();
    const turn = this.#begin(this.wanted);
    const until = new Date(Date.parse(first.detected_at) + 1).toISOString();
    const [open, answers] = await Promise.all([
      unconfirmed(), this.#ask(turn, { limit: 1, since: until }, { limit: 2 * PAGE, until }),
    ]);
    if (turn !== this.#turn || !answers) return;
    const [above, page] = answers;
    this.#clear();
    this.counts = Object.fromEntries(Object.entries(page.counts).map(([status, n]) => [status, n + above.counts[status]]));
    this.#take(page);
    this.#stretch.start = this.#sum(above.counts);
    this.#held.news = Math.max(0, this.start - before);
    this.#end(open);
  }

  // These ranks are seen: read what is missing of them.
  need(from, to) {
    this.#needed = [from, to];
    this.#fetch();
  }

  #begin(wanted) {
    this.wanted = wanted;
    this.isReading = true;
    this.#pushed = new Map();
    this.onChange();
    return (this.#turn += 1);
  }

  // What the web answers to all of these questions; null: not to all, then it is asked again, unless it was refused.
  async #ask(turn, ...questions) {
    try {
      const answers = await Promise.all(questions.map((more) => api.defects(this.#query(more))));
      if (turn === this.#turn) this.problem = null;
      return answers;
    } catch (error) {
      if (turn !== this.#turn) return null;
      this.problem = error;
      this.isReading = false;
      this.onChange();
      if (!error.isRefusal) setTimeout(() => turn === this.#turn && this.catchUp(), AGAIN_MS);
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
    this.#stretch.clear();
    this.#held.clear();
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }

  #take({ defects, next_cursor: cursor }) {
    this.#stretch.take(defects, cursor);
    for (const { event_id: id } of defects) this.#held.drop(id);
  }

  // An answer that is still awaited from before the list was asked for anew holds up nothing.
  async #fetch() {
    const turn = this.#turn;
    const step = this.#isFetching || this.isReading || !this.counts ? null : this.#step();
    if (!step) return;
    this.#fetching = turn;
    this.#pushed = new Map();
    try {
      await step(turn);
      if (turn === this.#turn) this.#join();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = error;
      this.onChange();
      if (error.isRefusal) return;
      await pause(AGAIN_MS);
    }
    if (turn !== this.#turn) return;
    this.#fetching = null;
    this.onChange();
    this.#fetch();
  }

  get #isFetching() {
    return this.#fetching === this.#turn;
  }

  // What was read is part of the stretch; what was pushed meanwhile was counted then.
  #join() {
    this.problem = null;
    for (const defect of this.#pushed.values()) if (isNews(this.get(defect.event_id) ?? defect, defect)) this.#place(defect);
    this.#sync();
    this.#stretch.trim(...this.#needed);
  }

  #step() {
    const [from, to] = this.#needed;
    const { start, end, isLast } = this.#stretch;
    if (!this.total) return null;
    if (from > end + NEAR || to < start - NEAR) return (turn) => this.#seek(turn);
    if (to > end - NEAR && !isLast) return (turn) => this.#more(turn);
    if (from < start + NEAR && start > 0) return (turn) => this.#up(turn);
    return null;
  }

  async #more(turn) {
    const { cursor, end } = this.#stretch;
    const skip = Math.max(0, this.#serverRank(end) - OVERLAP);
    const page = await api.defects(this.#query(cursor ? { cursor, limit: PAGE } : { skip, limit: PAGE }));
    if (turn !== this.#turn) return;
    this.#take(page);
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
    this.#stretch.start = skip ? Math.max(1, this.start - (this.list.length - before)) : 0;
  }

  // Somebody moved far: what lies between is not read.
  async #seek(turn) {
    await pause(SETTLE_MS);
    if (turn !== this.#turn) return;
    const wanted = Math.min(this.#needed[0], this.total - 1) - NEAR / 2;
    const skip = Math.max(0, this.#serverRank(wanted));
    const page = await api.defects(this.#query({ skip, limit: 2 * PAGE }));
    if (turn !== this.#turn) return;
    this.#stretch.clear();
    this.#stretch.take(page.defects, page.next_cursor);
    this.#stretch.start = skip ? Math.max(1, wanted) : 0;
    if (!skip) this.#held.clear();
  }

  // -- what is pushed -----------------------------------------------------------------------------------------

  // A defect as the web pushed it, or as it stands after a review. Whether it is news.
  put(defect) {
    const known = this.get(defect.event_id) ?? this.#pushed.get(defect.event_id);
    if (known && !isNews(known, defect)) return false;
    if (this.isReading || this.#isFetching) this.#pushed.set(defect.event_id, defect);
    this.set(defect);
    return true;
  }

  // As `put`, even if it is older than what is known: a review that was shown before it failed. With `was`, how it stood
  // until now, it is put in wherever it belongs: whoever takes something back wants to see it.
  set(defect, was = null) {
    const id = defect.event_id;
    const known = this.get(id) ?? was;
    this.#count(known, defect);
    this.#place(defect, was !== null);
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

  // The store has it no more.
  drop(id) {
    this.#held.drop(id);
    this.#remove(id);
    this.#recountSoon();
  }

  // Show what was held back.
  release() {
    const held = this.#held.defects;
    const isAll = held.length === this.#held.count && this.start === 0;
    this.#held.clear();
    if (!isAll) return this.read();
    for (const defect of held) this.#stretch.insert(defect);
    this.total += held.length;
    this.#stretch.trim(...this.#needed);
    this.onChange();
  }

  #place(defect, isWanted = false) {
    const id = defect.event_id;
    if (this.#stretch.get(id)) this.#replace(defect);
    else if (!fits(this.wanted, defect)) this.#held.drop(id);
    else this.#insert(defect, isWanted);
  }

  #replace(defect) {
    const id = defect.event_id;
    this.#stretch.replace(defect);
    clearTimeout(this.#leaving.get(id));
    this.#leaving.delete(id);
    if (!fits(this.wanted, defect)) this.#leaving.set(id, setTimeout(() => this.#remove(id), LEAVE_MS));
  }

  #remove(id) {
    this.#leaving.delete(id);
    if (this.#stretch.remove(id)) this.total -= 1;
    this.onChange();
    this.#fetch();
  }

  #insert(defect, isWanted) {
    const at = this.#stretch.placeOf(defect);
    if (at === this.list.length && !this.#stretch.isLast) return;
    const isAbove = at === 0 && (this.start > 0 || (this.#held.count > 0 && !isWanted));
    const isHeld = this.#held.get(defect.event_id) !== undefined;
    if (isAbove || (!isWanted && (isHeld || !this.mayShow(this.start + at)))) {
      return this.#held.hold(defect, { isKnown: this.#seen.has(defect.event_id) });
    }
    this.#held.drop(defect.event_id);
    this.#stretch.insert(defect);
    this.total += 1;
    this.#stretch.trim(...this.#needed);
  }

  // -- counting -----------------------------------------------------------------------------------------------

  // What is held back stands in the store already, what is not stored yet does not.
  #serverRank(rank) {
    return rank + this.#held.count - (this.start === 0 ? this.#unstored() : 0);
  }

  #unstored() {
    return this.list.filter((defect) => !defect.stored).length;
  }

  #sum(counts) {
    const statuses = this.wanted.statuses.length ? this.wanted.statuses : Object.keys(counts);
    return statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  }

  // How long the list is: as the store counts, unless all of it is here.
  #sync() {
    const { end, isLast } = this.#stretch;
    const counted = this.#sum(this.counts) - this.#held.stored + this.#unstored() + this.#leaving.size;
    this.total = isLast ? end : Math.max(counted, end + 1);
  }

  // Keep the counts true; where that cannot be told, ask.
  #count(known, defect) {
    if (!this.counts || !defect.stored) return;
    if (!known && (this.#seen.has(defect.event_id) || defect.version > 0)) return this.#recountSoon();
    const counted = (one) => (one?.stored && isCounted(this.wanted, one) ? one.status : null);
    const [before, after] = [counted(known), counted(defect)];
    if (before === after) return;
    this.counts = { ...this.counts };
    if (before) this.counts[before] -= 1;
    if (after) this.counts[after] = (this.counts[after] ?? 0) + 1;
  }

  // What is counted here while the web counts may be in its answer or not: then it is asked once more.
  #recountSoon() {
    this.#recount ??= setTimeout(async () => {
      this.#recount = null;
      const [turn, before] = [this.#turn, this.counts];
      const { counts, error } = await api.defects(this.#query({ limit: 1 })).catch((problem) => ({ error: problem }));
      if (turn !== this.#turn || this.isReading || error?.isRefusal) return;
      if (error || this.counts !== before) this.#recountSoon();
      if (error) return;
      this.counts = counts;
      this.#sync();
      this.onChange();
    }, RECOUNT_MS);
  }
}
