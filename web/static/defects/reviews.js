// What one person says of defects: shown at once, sent, and taken back again.

import { api } from "../common/web.js";
import { toast, toastError } from "../common/toast.js";
import { texts } from "../texts/defects.js";

const words = texts.reviews;
const PATH = "/api/defects/reviews";
const AT_ONCE = 200;
const MOST_BYTES = 90_000;
const MOST_UNDOS = 50;
const MOST_MINE = 1000;

// What is stored and was read: a find may be known to be stored before its row is.
export const canBeReviewed = ({ stored, version }) => stored && version >= 0;

export class Reviews {
  // How far a long one is: (done, of); null: none is under way.
  onProgress = () => {};
  // These were taken back.
  onUndone = () => {};
  // Others were faster: (current defects, change).
  onConflict = () => {};
  #rows;
  #done = [];
  #last = Promise.resolve();
  #mine = new Map();
  // What is shown as said, and not known to be taken.
  #unsure = new Set();

  constructor(rows) {
    this.#rows = rows;
    addEventListener("beforeunload", (event) => this.#unsure.size && event.preventDefault());
    addEventListener("pagehide", () => this.#leave());
  }

  // Say the same of all these, as the person saw them: {status, note?, false_alarm?}. {done, unsent}: what was
  // taken, and which could not be sent.
  async mark(defects, change) {
    const wishes = defects.map((defect) => ({ before: { ...defect, version: this.versionOf(defect) }, change }));
    this.#show(wishes);
    return this.#queue(async () => {
      const { done, left, error } = await this.#send(wishes, change);
      if (done.length) this.#remember(done, change);
      if (error) toastError(error);
      return { done, unsent: wishes.slice(wishes.length - left).map(({ before }) => before) };
    });
  }

  // Take back what was said last, which may still be on its way. What could not be sent is offered again.
  undo(chosen = null) {
    return this.#queue(async () => {
      const step = chosen ?? this.#done.at(-1);
      if (!step) return toast(words.nothingToUndo);
      this.#done = this.#done.filter((other) => other !== step);
      step.close();
      const wishes = step.said.map(({ before, after }) => ({ before: after, change: said(before), was: after }));
      this.#show(wishes);
      const { done, left, error } = await this.#send(wishes, null);
      const versions = new Map(step.said.map(({ before }) => [before.event_id, before.version]));
      for (const { after } of done) this.#standsAgain(after, versions.get(after.event_id));
      this.onUndone(done.map(({ after }) => after));
      if (done.length) toast(words.undone(done.length));
      if (error) this.#offerAgain(step.said.slice(-left), error);
    });
  }

  // One after the other: what is said next knows what became of the one before.
  #queue(job) {
    const run = this.#last.then(job);
    this.#last = run.catch(() => {});
    return run;
  }

  // Two things said of one defect in a row: the second follows on the first, not on what was seen.
  versionOf({ event_id: id, version }) {
    const mine = this.#mine.get(id);
    return mine && mine.from <= version && version <= mine.to ? mine.to : version;
  }

  #show(wishes) {
    for (const wish of wishes) {
      const { before, change, was } = wish;
      this.#unsure.add(wish);
      if (this.#stands(before)) this.#rows.set({ ...before, ...change }, was);
    }
  }

  // Whether nobody else changed it since, as far as is known.
  #stands({ event_id: id, version }) {
    const now = this.#rows.get(id);
    return !now || now.version === version;
  }

  // {done, left, error}: of each that was taken how it stood before and how it stands now, how many of the last were not
  // sent, and why not.
  async #send(wishes, change) {
    const done = [];
    const conflicts = [];
    const gone = [];
    let at = 0;
    let failed = null;
    for (const part of parts(wishes)) {
      if (part.length < wishes.length) this.onProgress(at, wishes.length);
      try {
        const reviews = this.#reviewsOf(part);
        const { results } = await api.send("POST", PATH, { reviews });
        results.forEach((result, number) => this.#took(result, part[number], reviews[number].version, { done, conflicts, gone }));
      } catch (error) {
        for (const wish of wishes.slice(at)) this.#putBack(wish);
        failed = error;
        break;
      }
      at += part.length;
    }
    this.onProgress(0, 0);
    if (gone.length) this.#letGo(gone);
    if (conflicts.length) this.onConflict(conflicts, change);
    return { done, left: wishes.length - at, error: failed };
  }

  #reviewsOf(wishes) {
    return wishes.map(({ before, change }) => ({ event_id: before.event_id, version: this.versionOf(before), ...change }));
  }

  // Somebody leaves without waiting: all of it goes at once, by what outlives the page. What was taken already is refused.
  #leave() {
    if (!this.#unsure.size) return;
    const wishes = new Map();
    for (const { before, change } of this.#unsure) {
      const first = wishes.get(before.event_id) ?? { before };
      wishes.set(before.event_id, { before: first.before, change: { ...first.change, ...change } });
    }
    for (const part of parts([...wishes.values()])) {
      navigator.sendBeacon(PATH, new Blob([JSON.stringify({ reviews: this.#reviewsOf(part) })], { type: "application/json" }));
    }
  }

  #putBack(wish) {
    this.#unsure.delete(wish);
    if (this.#stands(wish.before)) this.#rows.set(wish.before);
  }

  // The store has them no more.
  #letGo(ids) {
    for (const id of ids) this.#rows.drop(id);
    toast(words.gone(ids.length), { failed: true });
  }

  #took({ outcome, defect }, wish, version, { done, conflicts, gone }) {
    const { before, change, was } = wish;
    this.#unsure.delete(wish);
    // Taken back already, only the answer to that was lost.
    const isBack = was && defect && Object.entries(said(defect)).every(([part, value]) => change[part] === value);
    if (outcome === "done" || isBack) {
      this.#changed(version, defect);
      this.#rows.put(defect);
      done.push({ before: { ...before, version }, after: defect });
    } else if (defect) {
      this.#rows.put(defect);
      conflicts.push(defect);
    } else {
      gone.push(before.event_id);
    }
  }

  // From that version to this one nobody else had a hand in it.
  #changed(version, { event_id: id, version: to }) {
    const mine = this.#mine.get(id);
    this.#mine.delete(id);
    this.#mine.set(id, { from: mine?.to === version ? mine.from : version, to });
    if (this.#mine.size > MOST_MINE) this.#mine.delete(this.#mine.keys().next().value);
  }

  #remember(done, change) {
    this.#offer(done, words.done(change, done.length, done[0].before.label), words.undo);
  }

  // Until it is done, or something else is said.
  #offerAgain(said, error) {
    this.#offer(said, words.notUndone(error.explained()), words.again, { failed: true });
  }

  #offer(said, text, label, more = {}) {
    const close = toast(text, { ...more, action: { label, run: () => this.undo(step) } });
    const step = { said, close };
    this.#done.at(-1)?.close();
    this.#done.push(step);
    if (this.#done.length > MOST_UNDOS) this.#done.shift();
  }

  // It stands again as it did at that version. What had made it so can be taken back as well; if that was somebody else,
  // nothing that was said before.
  #standsAgain(defect, version) {
    const isIt = ({ after }) => after.event_id === defect.event_id;
    const maker = this.#done.flatMap((step) => step.said).find((one) => isIt(one) && one.after.version === version);
    if (maker) maker.after = defect;
    else for (const step of this.#done) step.said = step.said.filter((one) => !isIt(one));
    this.#done = this.#done.filter((step) => step.said.length);
  }
}

// What people had said of it, whole.
function said({ status, note, false_alarm: alarm }) {
  return { status, note, false_alarm: alarm };
}

// Parts of what is to be sent that the web takes at once.
function parts(wishes) {
  const found = [[]];
  let size = 0;
  for (const wish of wishes) {
    size += 200 + (wish.change.note?.length ?? 0) * 4;
    if (found.at(-1).length === AT_ONCE || (size > MOST_BYTES && found.at(-1).length)) {
      found.push([]);
      size = 0;
    }
    found.at(-1).push(wish);
  }
  return found;
}
