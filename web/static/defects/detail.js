// One defect at full size, what is known of it, and what people say of it: in a dialog, or in a panel beside the list.

import { api } from "../common/web.js";
import { el, icon, say } from "../common/dom.js";
import { calledInFull, colour, longTime } from "../common/format.js";
import { copyButton } from "../common/copying.js";
import { Drafts } from "./drafts.js";
import { History } from "./history.js";
import { Picture } from "./picture.js";
import { texts } from "../texts/defects.js";

const words = texts.detail;
const STYLE = "/static/styles/detail.css";

await new Promise((done) => {
  document.head.append(el("link", { rel: "stylesheet", href: STYLE, on: { load: done, error: done } }));
});

export class Detail {
  defect = null;
  onReviewed = () => {};
  onClose = () => {};
  // Where there is a list: go on by so many.
  onMove = null;
  addressOf = (id) => `${location.origin}/defects/${encodeURIComponent(id)}`;
  drafts = new Drafts();
  // Say this of it as it was seen; `goOn`: it may make room for the next. Whether it was taken.
  say = (seen, change) => this.#send(seen, change);
  #root;
  #mayReview = true;
  #sending = null;

  constructor(root) {
    this.#root = root;
    this.picture = new Picture();
    this.history = new History();
    this.#makeHead();
    this.#makeReview();
    this.facts = el("dl", { class: "facts" });
    this.links = el("div", { class: "links" });
    root.setAttribute("aria-labelledby", "detail-title");
    root.tabIndex = -1;
    root.append(this.head, this.picture.element,
      el("div", { class: "below" }, this.review, el("div", {}, this.facts, this.links, this.history.element)));
    addEventListener("beforeunload", (event) => this.drafts.size && event.preventDefault());
    if (!this.#isDialog) return;
    root.addEventListener("click", (event) => event.target === root && root.close());
    root.addEventListener("close", () => this.#closed());
  }

  // Who may not review sees what others said instead.
  setMayReview(may) {
    this.#mayReview = may;
    this.review.hidden = !may;
    this.refresh();
  }

  open(defect) {
    this.note.value = this.drafts.noteOf(defect.event_id) ?? defect.note;
    say(this.said, defect.stored ? "" : words.notStored);
    this.defect = null;
    this.#show(defect);
    this.#root.scrollTop = 0;
    if (this.#isDialog && !this.#root.open) this.#root.showModal();
    this.#compare(defect);
  }

  // It was pushed anew: what the person is writing stays.
  update(defect) {
    if (this.defect?.event_id !== defect.event_id) return;
    if (!this.drafts.has(defect.event_id)) this.note.value = defect.note;
    this.#compare(defect);
    if (this.defect.stored !== defect.stored) say(this.said, defect.stored ? "" : words.notStored);
    this.#show(defect);
  }

  // What it says besides the defect has changed.
  refresh() {
    if (this.defect) this.#showFacts(this.defect);
  }

  close() {
    if (this.#isDialog) this.#root.close();
    else this.#closed();
  }

  // Which place it has in the list; -1: it is not there.
  setPlace(rank, total) {
    say(this.place, rank < 0 ? "" : words.place(rank + 1, total));
  }

  get #isDialog() {
    return this.#root.tagName === "DIALOG";
  }

  #makeHead() {
    const button = (picture, says, run) => el("button", { type: "button", class: "icon-button", title: says, "aria-label": says, on: { click: run } }, icon(picture));
    this.swatch = el("span", { class: "swatch", "aria-hidden": "true" });
    this.title = el("h2", { id: "detail-title" });
    this.chip = el("span", { class: "chip" });
    this.place = el("span", { class: "place" });
    this.steps = el("span", { class: "steps", hidden: true }, button("up", words.previous, () => this.onMove(-1)),
      button("down", words.next, () => this.onMove(1)));
    this.head = el("header", {}, this.swatch, this.title, this.chip, this.place, this.steps,
      button("close", words.close, () => (this.#isDialog ? this.#root.close() : this.onClose())));
  }

  #makeReview() {
    this.states = el("div", { class: "segments", role: "group", "aria-label": words.status },
      ...Object.entries(texts.status).map(([status, name]) => el("button", { type: "button", "data-status": status,
        on: { click: () => this.#mark({ status, false_alarm: null }) } }, name)));
    this.reasons = el("div", { class: "reasons", role: "group", "aria-label": words.falseAlarm },
      ...Object.entries(texts.reasons).map(([reason, name]) => el("button", { type: "button", class: "plain", "data-reason": reason,
        on: { click: () => this.#mark({ status: "resolved", false_alarm: reason }) } }, name)));
    this.note = el("textarea", { rows: 2, maxlength: 4000, placeholder: words.noteHint, on: {
      input: () => this.#typed(),
      keydown: (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#save();
        if (event.key === "Escape" && !this.#isDialog) this.#root.focus();
      },
    } });
    this.save = el("button", { type: "button", class: "primary", on: { click: () => this.#save() } }, words.save);
    this.said = el("p", { class: "said", "aria-live": "polite" });
    this.review = el("div", { class: "review" }, this.states,
      el("div", { class: "alarm" }, el("span", { class: "name" }, words.falseAlarm), this.reasons),
      el("label", { class: "field" }, words.note, this.note), el("div", { class: "act" }, this.said, this.save));
  }

  #show(defect) {
    this.defect = defect;
    say(this.title, defect.label);
    this.swatch.style.background = colour(defect.label);
    this.chip.className = `chip ${defect.stored ? defect.status : "waiting"}`;
    say(this.chip, defect.stored ? texts.status[defect.status] : texts.defects.notStored);
    this.steps.hidden = this.onMove === null;
    this.picture.show(defect);
    this.#showFacts(defect);
    this.#showSaid(defect);
    this.history.show(defect);
  }

  // What is being written may be about what is so no longer.
  #compare(defect) {
    if (!this.drafts.look(defect) || this.#sending === defect.event_id) return;
    say(this.said, words.conflict(defect, texts.status[defect.status]));
    this.said.scrollIntoView({ block: "nearest" });
  }

  #showSaid(defect) {
    const isKnown = defect.stored && defect.version !== null && defect.version >= 0;
    for (const button of this.states.children) {
      button.setAttribute("aria-pressed", String(button.dataset.status === defect.status));
      button.disabled = !isKnown;
    }
    for (const button of this.reasons.children) {
      button.setAttribute("aria-pressed", String(button.dataset.reason === defect.false_alarm));
      button.disabled = !isKnown;
    }
    this.save.disabled = !isKnown;
  }

  #showFacts(defect) {
    const names = words.facts;
    const alarm = defect.false_alarm && texts.reasons[defect.false_alarm];
    const others = this.#mayReview ? [] : [[names.alarm, alarm], [names.note, defect.note]];
    const rows = [
      ...others,
      [names.confidence, texts.defects.score(defect.score)],
      [names.time, longTime(defect.detected_at)],
      [names.clock, defect.clock === "unsynced" ? words.unsynced : null],
      [names.last, longTime(defect.last_seen_at)],
      [names.frames, words.frames(defect.frames_confirmed)],
      [names.size, words.size(defect)],
      [names.device, calledInFull(defect.device_id)],
      [names.model, words.model(defect)],
      [names.picture, defect.image_wh && words.pixels(...defect.image_wh)],
      [names.stored, defect.stored_at && longTime(defect.stored_at)],
      [names.reviewed, defect.reviewed_at && words.by(longTime(defect.reviewed_at), defect.reviewed_by)],
      [names.id, defect.event_id],
    ];
    this.facts.replaceChildren(...rows.filter(([, value]) => value).map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value))));
    this.#showLinks(defect);
  }

  #showLinks(defect) {
    if (this.links.dataset.of === `${defect.event_id} ${defect.image_url}`) return;
    this.links.dataset.of = `${defect.event_id} ${defect.image_url}`;
    const address = this.addressOf(defect.event_id);
    const file = `${defect.label}-${defect.device_id}-${defect.event_id}.jpg`;
    this.links.replaceChildren(
      this.onMove ? copyButton(words.copy, () => address, { class: "plain" }) : el("a", { class: "plain", href: address }, words.permalink),
      ...(defect.image_url ? [
        el("a", { class: "plain", href: defect.image_url, target: "_blank", rel: "noopener" }, words.openPicture),
        el("a", { class: "plain", href: defect.image_url, download: file }, icon("download"), words.download),
      ] : []),
      el("button", { type: "button", class: "plain", on: { click: () => print() } }, words.print));
  }

  #typed() {
    this.drafts.write(this.defect, this.note.value);
    say(this.said, "");
  }

  #mark(change) {
    this.#say(change, { goOn: true });
  }

  #save() {
    if (!this.save.disabled) this.#say({ status: this.defect.status, note: this.note.value }, { goOn: false });
  }

  async #say(change, { goOn }) {
    const { event_id: id } = this.defect;
    say(this.said, words.saving);
    const taken = await this.say(...this.drafts.along(this.defect, change), { goOn });
    if (this.defect?.event_id !== id) return;
    if (taken) say(this.said, this.drafts.has(id) ? "" : words.saved);
    else if (this.said.textContent === words.saving) say(this.said, "");
  }

  async #send({ event_id: id, version }, change) {
    this.save.disabled = true;
    this.#sending = id;
    try {
      const defect = await api.review(id, { ...change, version });
      if (change.note !== undefined) this.drafts.took(id, change.note);
      this.drafts.look(defect);
      this.onReviewed(defect);
      if (this.defect?.event_id === id) this.#show(defect);
      return true;
    } catch (error) {
      this.save.disabled = false;
      say(this.said, error.status === 409 ? words.conflict(error.body.current, texts.status[error.body.current.status]) : error.explained());
      if (error.status === 409) {
        this.onReviewed(error.body.current);
        this.drafts.look(error.body.current);
        if (this.defect?.event_id === id) this.#show(error.body.current);
      }
      return false;
    } finally {
      this.#sending = null;
    }
  }

  #closed() {
    this.defect = null;
    say(this.said, "");
    this.onClose();
  }
}
