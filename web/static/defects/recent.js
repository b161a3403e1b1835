// The list of defects, newest first: read once, then kept up to date by what the web pushes.

import { api } from "../common/api.js";
import { el, say } from "../common/dom.js";
import { colour, shortTime } from "../common/format.js";
import { texts } from "../texts/defects.js";

const PAGE = 30;
const MAX_ROWS = 600;
const THUMB = [72, 54];
const MAX_ZOOM = 4;

export class Defects {
  onOpen = () => {};
  onChange = () => {};
  #rows = new Map();
  #cards = new Map();
  #cursor = null;
  #status = "";
  #reading = 0;
  #pushed = new Map();

  constructor(root) {
    this.list = el("ol", { class: "list" });
    this.message = el("div", { class: "empty", "aria-live": "polite" });
    this.more = el("button", { type: "button", class: "more", hidden: true, on: { click: () => this.#read(true) } },
      texts.defects.more);
    const filters = Object.entries(texts.defects.filters).map(([status, name]) =>
      el("button", { type: "button", "aria-pressed": String(status === ""), "data-status": status,
        on: { click: (event) => this.#filter(status, event.currentTarget) } }, name));
    this.filters = el("div", { class: "segments", role: "group", "aria-label": texts.defects.filter }, ...filters);
    root.append(el("header", {}, el("h2", {}, texts.defects.title), this.filters), this.message, this.list, this.more);
  }

  get(id) {
    return this.#rows.get(id);
  }

  reload() {
    return this.#read(false);
  }

  // A defect as the web pushed it. What is stored is not made unstored by a find that is only repeated.
  put(defect) {
    const known = this.#rows.get(defect.event_id);
    if (known && known.stored && !defect.stored) return;
    if (known && (known.rev > defect.rev || (known.version ?? -1) > (defect.version ?? -1))) return;
    this.#rows.set(defect.event_id, defect);
    this.#pushed.set(defect.event_id, defect);
    this.#place(defect);
    this.#trim();
    this.#showMessage();
    this.onChange(defect);
  }

  // The store's word came before its row did.
  confirm(eventId) {
    const known = this.#rows.get(eventId);
    if (known && !known.stored) this.put({ ...known, stored: true, version: known.version ?? -1 });
  }

  async #read(more) {
    const turn = (this.#reading += 1);
    this.#pushed = new Map();
    const query = { limit: PAGE, ...(this.#status && { status: this.#status }), ...(more && { cursor: this.#cursor }) };
    const open = more ? [] : await api.unconfirmed().then((answer) => answer.defects, () => []);
    try {
      const page = await api.defects(query);
      if (turn !== this.#reading) return;
      const pushed = [...this.#pushed.values()];
      if (!more) this.#clear();
      this.#cursor = page.next_cursor;
      this.problem = null;
      for (const defect of [...page.defects, ...pushed]) this.put(defect);
    } catch (error) {
      if (turn !== this.#reading) return;
      this.problem = error;
    }
    for (const defect of open) this.put(defect);
    this.more.hidden = !this.#cursor;
    this.#showMessage();
  }

  #clear() {
    this.#rows.clear();
    this.#cards.clear();
    this.list.replaceChildren();
  }

  #filter(status, button) {
    this.#status = status;
    for (const other of this.filters.children) other.setAttribute("aria-pressed", String(other === button));
    this.#clear();
    this.#read(false);
  }

  #place(defect) {
    const old = this.#cards.get(defect.event_id);
    const fits = !this.#status || defect.status === this.#status;
    if (!fits) {
      old?.remove();
      this.#cards.delete(defect.event_id);
      return;
    }
    const card = old ?? this.#card(defect.event_id);
    fill(card, defect);
    this.#cards.set(defect.event_id, card);
    if (old && card.dataset.key === sortKey(defect)) return;
    card.dataset.key = sortKey(defect);
    const after = [...this.list.children].find((other) => other !== card && other.dataset.key < card.dataset.key);
    this.list.insertBefore(card, after ?? null);
  }

  #card(id) {
    return el("li", { class: "card" }, el("button", { type: "button", on: { click: () => this.onOpen(this.#rows.get(id)) } },
      el("span", { class: "thumb" }),
      el("span", { class: "words" },
        el("span", { class: "head" }, el("span", { class: "swatch", "aria-hidden": "true" }),
          el("strong", { class: "label" }), el("span", { class: "score" })),
        el("span", { class: "where" })),
      el("span", { class: "chip" })));
  }

  // A page that stays open for days keeps the newest only; the rest is read again when asked for.
  #trim() {
    while (this.list.children.length > MAX_ROWS) {
      const last = this.list.lastElementChild;
      const id = [...this.#cards].find(([, card]) => card === last)[0];
      last.remove();
      this.#cards.delete(id);
      this.#rows.delete(id);
    }
  }

  #showMessage() {
    this.message.replaceChildren();
    if (this.problem) {
      this.message.append(el("strong", {}, texts.defects.down), el("p", {}, this.problem.message),
        el("p", {}, this.problem.hint),
        el("button", { type: "button", on: { click: () => this.reload() } }, texts.defects.retry));
    } else if (!this.list.children.length) {
      this.message.append(el("strong", {}, this.#status ? texts.defects.emptyFilter : texts.defects.empty),
        ...(this.#status ? [] : [el("p", {}, texts.defects.emptyHint)]));
    }
    this.message.hidden = !this.message.children.length;
  }
}

function sortKey(defect) {
  return `${defect.detected_at} ${defect.event_id}`;
}

function fill(card, defect) {
  const part = (name) => card.querySelector(name);
  const time = shortTime(defect.detected_at);
  say(part(".label"), defect.label);
  say(part(".score"), texts.defects.score(defect.score));
  say(part(".where"), `${time} · ${defect.device_id}`);
  part(".swatch").style.background = colour(defect.label);
  part("button").setAttribute("aria-label", texts.defects.open(defect.label, defect.device_id, time));
  const chip = part(".chip");
  const waiting = defect.error ? texts.defects.refused : texts.defects.notStored;
  chip.className = `chip ${defect.stored ? defect.status : "waiting"}`;
  say(chip, defect.stored ? texts.status[defect.status] : waiting);
  fillThumb(part(".thumb"), defect);
}

function fillThumb(thumb, defect) {
  const url = defect.image_url ?? "";
  if (thumb.dataset.url === url) return;
  thumb.dataset.url = url;
  if (!url) return thumb.replaceChildren();
  const image = el("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
  Object.assign(image.style, cropped(defect));
  thumb.replaceChildren(image);
}

// Where the whole picture has to lie so that the thumbnail shows the best box with some of its surroundings.
function cropped({ boxes, image_wh: size }) {
  const best = boxes.reduce((one, other) => (one && one.score >= other.score ? one : other), null);
  if (!best || !size) return {};
  const [x0, y0, x1, y1] = best.xyxyn;
  const [width, height] = THUMB;
  const fit = Math.max(width, (height * size[0]) / size[1]);
  const zoom = Math.max(1, Math.min(MAX_ZOOM, 0.5 / Math.max(x1 - x0, y1 - y0, 0.01)));
  const [wide, high] = [fit * zoom, (fit * zoom * size[1]) / size[0]];
  const place = (centre, whole, shown) => Math.min(0, Math.max(shown - whole, shown / 2 - centre * whole));
  return {
    width: `${wide}px`, height: `${high}px`,
    transform: `translate(${place((x0 + x1) / 2, wide, width)}px, ${place((y0 + y1) / 2, high, height)}px)`,
  };
}
