// The newest finds beside the live picture: read once, then kept up to date by what the web pushes.

import { api } from "../common/web.js";
import { el, say } from "../common/dom.js";
import { isNews, order, Thumbs } from "../common/finds.js";
import { called, calledInFull, colour, shortTime } from "../common/format.js";
import { texts } from "../texts/live.js";

const MOST = 24;
const ROW_PX = 64;
const THUMB = { share: 0.5, size: [64, 48] };
const words = texts.recent;

export class Recent {
  onOpen = () => {};
  onChange = () => {};
  #rows = new Map();
  #cards = new Map();
  #thumbs = new Thumbs();
  #reading = 0;
  #pushed = null;
  #problem = null;
  #isRead = false;

  constructor(root) {
    this.list = el("ol", { class: "list" });
    this.message = el("div", { class: "empty", "aria-live": "polite" });
    root.append(el("header", {}, el("h2", {}, words.title), el("a", { class: "plain", href: "/defects" }, words.all)),
      el("div", { class: "finds" }, this.message, this.list));
    setTimeout(() => this.#showMessage(), 1000);
  }

  // A find as the web pushed it.
  put(defect) {
    const known = this.#rows.get(defect.event_id);
    if (known && !isNews(known, defect)) return;
    this.#rows.set(defect.event_id, defect);
    this.#pushed?.set(defect.event_id, defect);
    this.#show();
    this.onChange(defect);
  }

  // What it says besides the finds has changed.
  refresh() {
    this.#show();
  }

  // The store's word came before its row did.
  confirm(eventId) {
    const known = this.#rows.get(eventId);
    if (known && !known.stored) this.put({ ...known, stored: true, version: known.version ?? -1 });
  }

  // What came while the answer was on its way is newer than the answer.
  async reload() {
    const turn = (this.#reading += 1);
    this.#pushed = new Map();
    const [page, open] = await Promise.all([
      api.defects({ limit: MOST }).catch((error) => error), api.unconfirmed().then((answer) => answer.defects, () => [])]);
    if (turn !== this.#reading) return;
    this.#isRead = true;
    this.#problem = page instanceof Error ? page : null;
    const pushed = [...this.#pushed.values()];
    this.#pushed = null;
    if (!this.#problem) this.#rows.clear();
    for (const defect of [...(page.defects ?? []), ...pushed, ...open]) this.put(defect);
    this.#show();
  }

  // Newest first. Each row is moved to its place by its transform, which shifts nothing else on the page.
  #show() {
    const sorted = [...this.#rows.values()].sort(order);
    for (const { event_id: id } of sorted.splice(MOST)) this.#rows.delete(id);
    for (const [id, card] of this.#cards) {
      if (this.#rows.has(id)) continue;
      this.#thumbs.drop(card.querySelector("canvas"));
      card.remove();
      this.#cards.delete(id);
    }
    this.list.style.height = `${sorted.length * ROW_PX}px`;
    sorted.forEach((defect, at) => this.#place(this.#card(defect.event_id), defect, at));
    this.#showMessage();
  }

  #place(card, defect, at) {
    fill(card, defect);
    this.#thumbs.show(card.querySelector("canvas"), defect, THUMB);
    const place = `translateY(${at * ROW_PX}px)`;
    if (card.style.transform !== place) card.style.transform = place;
    if (this.list.children[at] !== card) this.list.insertBefore(card, this.list.children[at] ?? null);
  }

  #card(id) {
    if (!this.#cards.has(id)) {
      this.#cards.set(id, el("li", { class: "card" },
        el("button", { type: "button", on: { click: () => this.onOpen(this.#rows.get(id)) } },
          el("span", { class: "thumb" }, el("canvas", { "aria-hidden": "true" })),
          el("span", { class: "words" },
            el("span", { class: "head" }, el("span", { class: "swatch", "aria-hidden": "true" }),
              el("strong", { class: "label" }), el("span", { class: "score" })),
            el("span", { class: "where" })),
          el("span", { class: "chip" }))));
    }
    return this.#cards.get(id);
  }

  #showMessage() {
    this.message.replaceChildren();
    if (this.#problem) {
      this.message.append(el("strong", {}, words.down), el("p", {}, this.#problem.explained()),
        el("button", { type: "button", on: { click: () => this.reload() } }, words.retry));
    } else if (!this.#rows.size) {
      this.message.append(...(this.#isRead ? [el("strong", {}, words.empty), el("p", {}, words.emptyHint)]
        : [el("p", { class: "busy" }, words.reading)]));
    }
    this.message.hidden = !this.message.children.length;
    this.list.hidden = !this.#rows.size;
  }
}

function fill(card, defect) {
  const part = (name) => card.querySelector(name);
  const time = shortTime(defect.detected_at);
  say(part(".label"), defect.label);
  say(part(".score"), words.score(defect.score));
  say(part(".where"), `${time} · ${called(defect.device_id)}`);
  part(".where").title = calledInFull(defect.device_id);
  part(".swatch").style.background = colour(defect.label);
  part("button").setAttribute("aria-label", words.open(defect.label, called(defect.device_id), time));
  const chip = part(".chip");
  const waiting = defect.error ? words.refused : words.notStored;
  chip.className = `chip ${defect.stored ? defect.status : "waiting"}`;
  say(chip, defect.stored ? texts.status[defect.status] : waiting);
}
