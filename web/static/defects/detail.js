// One defect at full size, and what people say of it.

import { api } from "../common/api.js";
import { el, say } from "../common/dom.js";
import { longTime } from "../common/format.js";
import { drawBoxes } from "../live/stage.js";
import { texts } from "../texts/defects.js";

export class Detail {
  onReviewed = () => {};
  #dialog;
  #defect = null;
  #image = null;
  #status = "pending";
  #mayReview = true;

  constructor(dialog) {
    this.#dialog = dialog;
    this.title = el("h2", { id: "detail-title" });
    this.canvas = el("canvas", { role: "img" });
    this.missing = el("p", { class: "missing" }, texts.detail.noImage);
    this.boxes = el("input", { type: "checkbox", checked: true, on: { change: () => this.#draw() } });
    this.facts = el("dl", { class: "facts" });
    this.states = el("div", { class: "segments", role: "group", "aria-label": texts.detail.status },
      ...Object.entries(texts.status).map(([status, name]) =>
        el("button", { type: "button", "data-status": status, on: { click: () => this.#choose(status) } }, name)));
    this.note = el("textarea", { rows: 3, maxlength: 4000, placeholder: texts.detail.noteHint });
    this.save = el("button", { type: "button", class: "primary", on: { click: () => this.#save() } }, texts.detail.save);
    this.said = el("p", { class: "said", "aria-live": "polite" });
    this.review = el("div", { class: "review" }, this.states,
      el("label", {}, texts.detail.note, this.note), el("div", { class: "act" }, this.said, this.save));
    const close = el("button", { type: "button", class: "close", "aria-label": texts.detail.close,
      on: { click: () => dialog.close() } }, "×");
    dialog.setAttribute("aria-labelledby", "detail-title");
    dialog.append(
      el("header", {}, this.title, el("label", { class: "switch" }, this.boxes, texts.detail.boxes), close),
      el("div", { class: "evidence" }, this.canvas, this.missing),
      el("div", { class: "below" }, this.facts, this.review));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.#closed());
  }

  // Who may not review sees what others said instead.
  setMayReview(may) {
    this.#mayReview = may;
    this.review.hidden = !may;
    if (this.#defect) this.#showFacts(this.#defect);
  }

  open(defect) {
    this.#defect = null;
    this.note.value = defect.note;
    say(this.said, defect.stored ? "" : texts.detail.notStored);
    this.#show(defect);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  // The defect that is open was pushed anew: what the person is writing stays.
  update(defect) {
    if (!this.#dialog.open || this.#defect?.event_id !== defect.event_id) return;
    const untouched = this.note.value === this.#defect.note && this.#status === this.#defect.status;
    if (untouched) {
      this.note.value = defect.note;
      const isNews = this.#defect.version !== defect.version;
      if (isNews) say(this.said, defect.stored ? "" : texts.detail.notStored);
      this.#show(defect);
    } else if (this.#defect.version === defect.version || this.#defect.version === null) {
      this.#show(defect, this.#status);
    } else {
      say(this.said, texts.detail.conflict);
      this.#show(defect, this.#status);
    }
  }

  #show(defect, status = defect.status) {
    const same = this.#defect?.image_url === defect.image_url && this.#defect?.event_id === defect.event_id;
    this.#defect = defect;
    say(this.title, defect.label);
    this.canvas.setAttribute("aria-label", texts.detail.evidence(defect.label));
    this.#showFacts(defect);
    this.#choose(status);
    this.save.disabled = !defect.stored || defect.version === null || defect.version < 0;
    if (!same) this.#load(defect.image_url);
    else this.#draw();
  }

  #showFacts(defect) {
    const names = texts.detail.facts;
    const reviewed = this.#mayReview ? [] : [[names.status, texts.status[defect.status]], [names.note, defect.note]];
    const rows = [
      ...reviewed,
      [names.confidence, texts.defects.score(defect.score)],
      [names.time, longTime(defect.detected_at)],
      [names.clock, defect.clock === "unsynced" ? texts.detail.unsynced : null],
      [names.last, longTime(defect.last_seen_at)],
      [names.frames, texts.detail.frames(defect.frames_confirmed)],
      [names.device, defect.device_id],
      [names.model, defect.model],
      [names.stored, defect.stored_at && longTime(defect.stored_at)],
      [names.reviewed, defect.reviewed_at && texts.detail.by(longTime(defect.reviewed_at), defect.reviewed_by)],
      [names.id, defect.event_id],
    ];
    this.facts.replaceChildren(...rows.filter(([, value]) => value).map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }

  #choose(status) {
    this.#status = status;
    for (const button of this.states.children) {
      button.setAttribute("aria-pressed", String(button.dataset.status === status));
    }
  }

  #load(url) {
    this.#image = null;
    this.canvas.hidden = true;
    this.missing.hidden = Boolean(url);
    if (!url) return;
    const image = new Image();
    image.onload = () => {
      if (this.#defect?.image_url !== url) return;
      this.#image = image;
      this.canvas.hidden = false;
      this.#draw();
    };
    image.onerror = () => { this.missing.hidden = false; };
    image.src = url;
  }

  #draw() {
    if (!this.#image) return;
    const [width, height] = [this.#image.naturalWidth, this.#image.naturalHeight];
    this.canvas.width = width;
    this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    context.drawImage(this.#image, 0, 0);
    if (this.boxes.checked) drawBoxes(context, this.#defect.boxes, width, height);
  }

  async #save() {
    const { event_id: id, version } = this.#defect;
    this.save.disabled = true;
    say(this.said, texts.detail.saving);
    try {
      const defect = await api.review(id, { status: this.#status, note: this.note.value, version });
      this.onReviewed(defect);
      this.#show(defect);
      say(this.said, texts.detail.saved);
    } catch (error) {
      if (error.status === 409) {
        this.#show(error.body.current, this.#status);
        this.onReviewed(error.body.current);
        say(this.said, texts.detail.conflict);
      } else {
        this.save.disabled = false;
        say(this.said, `${error.message} ${error.hint}`);
      }
    }
  }

  #closed() {
    this.#defect = this.#image = null;
    say(this.said, "");
  }
}
