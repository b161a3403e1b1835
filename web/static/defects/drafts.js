// Notes that somebody is writing, each on what that person last saw of its defect.

export class Drafts {
  // Which version one has that only this person changed since.
  versionOf = ({ version }) => version;
  #drafts = new Map();

  get size() {
    return this.#drafts.size;
  }

  has(id) {
    return this.#drafts.has(id);
  }

  noteOf(id) {
    return this.#drafts.get(id)?.note;
  }

  write(defect, note) {
    const seen = this.#drafts.get(defect.event_id)?.seen ?? defect;
    if (note === seen.note) this.#drafts.delete(defect.event_id);
    else this.#drafts.set(defect.event_id, { note, seen });
  }

  // This note of it was taken; what was written since is not.
  took(id, note) {
    if (this.noteOf(id) === note) this.#drafts.delete(id);
  }

  // What to say of a defect along with what is written of it: the defect as it was seen, and the change.
  along(defect, change) {
    const draft = this.#drafts.get(defect.event_id);
    return draft ? [{ ...defect, version: draft.seen.version }, { ...change, note: draft.note }] : [defect, change];
  }

  // It is shown now to the person who writes. Whether somebody else changed it since it was last seen.
  look(defect) {
    const draft = this.#drafts.get(defect.event_id);
    if (!draft || draft.seen.version === defect.version) return false;
    const isOthers = this.versionOf(draft.seen) !== defect.version;
    draft.seen = defect;
    return isOthers;
  }
}
