// What one person says of defects: shown at once, sent, and taken back again.

import { api } from "../common/api.js";
import { toast, toastError } from "../common/toast.js";
import { texts } from "../texts/defects.js";

const words = texts.reviews;
const AT_ONCE = 200;
const MOST_BYTES = 90_000;
const MOST_UNDOS = 50;

export class Reviews {
  // How far a long one is: (done, of); null: none is under way.
  onProgress = () => {};
  // These were taken back.
  onUndone = () => {};
  // Others were faster: (current defects, change).
  onConflict = () => {};
  #rows;
  #done = [];

  constructor(rows) {
    this.#rows = rows;
  }

  // Say the same of all these: {status, note?, false_alarm?}. Whether all of it was taken.
  async mark(defects, change) {
    const stored = defects.filter((defect) => defect.stored && defect.version >= 0);
    if (!stored.length) return false;
    const wishes = stored.map((defect) => ({ before: defect, change }));
    const done = await this.#send(wishes, change);
    if (done.length) this.#remember(done, change);
    return done.length === defects.length;
  }

  // Take back what was said last.
  async undo() {
    const step = this.#done.pop();
    if (!step) return toast(words.nothingToUndo);
    step.close();
    const wishes = step.said.map(({ before, after }) => ({ before: this.#rows.get(after.event_id) ?? after, change: said(before), was: after }));
    const done = await this.#send(wishes, null);
    this.onUndone(done.map(({ after }) => after));
    if (done.length) toast(words.undone(done.length));
  }

  // Of each that was taken: how it stood before and how it stands now.
  async #send(wishes, change) {
    for (const { before, change: wish, was } of wishes) this.#rows.set({ ...before, ...wish }, was);
    const done = [];
    const conflicts = [];
    let at = 0;
    for (const part of parts(wishes)) {
      if (part.length < wishes.length) this.onProgress(at, wishes.length);
      try {
        const reviews = part.map(({ before, change: wish }) => ({ event_id: before.event_id, version: before.version, ...wish }));
        const { results } = await api.send("POST", "/api/defects/reviews", { reviews });
        results.forEach((result, number) => this.#took(result, part[number], done, conflicts));
      } catch (error) {
        for (const { before, was } of wishes.slice(at)) this.#rows.set(was ?? before);
        toastError(error);
        break;
      }
      at += part.length;
    }
    this.onProgress(0, 0);
    if (conflicts.length) this.onConflict(conflicts, change);
    return done;
  }

  #took({ outcome, defect }, { before, was }, done, conflicts) {
    if (outcome === "done") {
      this.#rows.put(defect);
      done.push({ before, after: defect });
    } else if (defect) {
      this.#rows.set(defect);
      conflicts.push(defect);
    } else {
      this.#rows.set(was ?? before);
    }
  }

  #remember(done, change) {
    const text = words.done(change, done.length, done[0].before.label);
    const close = toast(text, { action: { label: words.undo, run: () => this.#undoStep(step) } });
    const step = { said: done, close };
    this.#done.at(-1)?.close();
    this.#done.push(step);
    if (this.#done.length > MOST_UNDOS) this.#done.shift();
  }

  #undoStep(step) {
    this.#done = [...this.#done.filter((other) => other !== step), step];
    return this.undo();
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
