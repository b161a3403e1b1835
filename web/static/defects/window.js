// The list or grid as it is seen: of all rows only those on the screen, and a few around it, are elements.

import { el } from "../common/dom.js";

const AROUND_PX = 600;
const STILL_MS = 700;
const TOP_PX = 8;

export class ListWindow {
  // The row that keys act on, by its id.
  current = null;
  kind = "list";
  onNeed = () => {};
  onMove = () => {};
  #rows;
  #card;
  #cards = new Map();
  #first = null;
  // Where the current row stood last: its id and rank.
  #stood = { id: null, rank: -1 };
  #size = { columns: 1, width: 0, height: 1, gap: 0 };
  #frame = null;
  #pointerAt = -Infinity;
  #isTop = true;

  // `card` makes and fills the elements of rows: {make(id), fill(element, defect, kind, state), drop(element)}. Of all
  // rows one is a stop of the Tab key, `isStop`: the current one, or the first on the screen.
  constructor(root, rows, card, label) {
    this.#rows = rows;
    this.#card = card;
    this.list = el("ol", { class: "rows", "aria-label": label });
    this.scroller = el("div", { class: "scroller" }, this.list);
    root.append(this.scroller);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    for (const type of ["pointermove", "pointerdown"]) {
      this.list.addEventListener(type, () => { this.#pointerAt = performance.now(); }, { passive: true });
    }
    this.list.addEventListener("focusin", ({ target }) => this.#focused(target));
    new ResizeObserver(() => this.#resized()).observe(this.scroller);
  }

  setKind(kind) {
    this.kind = kind;
    this.scroller.dataset.kind = kind;
    for (const card of this.#cards.values()) card.remove();
    this.#cards.clear();
    this.#resized();
  }

  get isTop() {
    return this.#isTop;
  }

  // Whether a row may be put in at `rank`: not while it would move what somebody looks at, works at or points at.
  mayShow(rank) {
    if (this.#first && rank > this.#rankAt(this.scroller.scrollTop) + this.#size.columns) return true;
    if (!this.#isTop || performance.now() - this.#pointerAt < STILL_MS) return false;
    const at = this.current === null ? -1 : this.#rows.rankOf(this.current);
    return at < 0 || (Math.floor((at + 1) / this.#size.columns) + 1) * this.#size.height <= this.scroller.clientHeight;
  }

  // The defect that stands first on the screen; null at the top, where there is nothing to keep.
  get first() {
    return this.#isTop ? null : this.#first;
  }

  toTop() {
    this.#isTop = true;
    this.scroller.scrollTop = 0;
  }

  // What is known has changed: show it, and keep what stands first on the screen where it is.
  refresh() {
    this.#keep();
    this.#draw();
  }

  // Make a row the one that keys act on, and bring it onto the screen.
  select(id, { focus = true } = {}) {
    this.current = id;
    const rank = id === null ? -1 : this.#rows.rankOf(id);
    if (rank >= 0) this.#reveal(rank);
    this.#draw();
    if (focus) this.#cards.get(id)?.querySelector(".open").focus({ preventScroll: true });
    this.onMove(id);
  }

  // The row that lies `by` further than the current one; without one the first on the screen.
  next(by) {
    const at = this.current === null ? -1 : this.#rows.rankOf(this.current);
    const first = this.#rankAt(this.scroller.scrollTop + this.#size.height - 1);
    return this.#rows.at(at < 0 ? first : at + by) ?? null;
  }

  elementOf(id) {
    return this.#cards.get(id) ?? null;
  }

  // How many ranks an arrow key moves down.
  get columns() {
    return this.#size.columns;
  }

  // Ranks that fit on the screen.
  get page() {
    return Math.max(1, Math.floor(this.scroller.clientHeight / this.#size.height) - 1) * this.#size.columns;
  }

  #focused(target) {
    const id = target.closest(".row")?.dataset.id;
    if (!id || id === this.current) return;
    this.current = id;
    this.#draw();
    this.onMove(id);
  }

  #reveal(rank) {
    const top = Math.floor(rank / this.#size.columns) * this.#size.height;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + this.#size.height > scrollTop + clientHeight) {
      this.scroller.scrollTop = top + this.#size.height - clientHeight;
    }
  }

  #resized() {
    const style = getComputedStyle(this.scroller);
    const value = (name) => Number.parseFloat(style.getPropertyValue(name)) || 0;
    const [width, gap] = [this.list.clientWidth, value("--gap")];
    const columns = this.kind === "grid" ? Math.max(1, Math.floor((width + gap) / (value("--tile") + gap))) : 1;
    const wide = (width - gap * (columns - 1)) / columns;
    const high = this.kind === "grid" ? Math.round(wide * 0.75 + value("--words")) + gap : value("--high");
    this.#size = { columns, width: wide, height: Math.max(1, high), gap };
    this.list.style.setProperty("--step", `${this.#size.height}px`);
    this.list.classList.add("still");
    this.refresh();
    requestAnimationFrame(() => this.list.classList.remove("still"));
  }

  #scrolled() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#isTop = this.scroller.scrollTop < TOP_PX;
      this.#draw();
    });
  }

  #rankAt(px) {
    return Math.max(0, Math.floor(px / this.#size.height)) * this.#size.columns;
  }

  // Above the screen something came or went: what is on it stays. Whoever has scrolled since goes where they wanted.
  #keep() {
    this.list.style.height = `${Math.ceil(this.#rows.total / this.#size.columns) * this.#size.height}px`;
    if (this.#isTop || !this.#first) return;
    const rank = this.#rows.rankOf(this.#first.event_id);
    if (rank < 0) return;
    const top = Math.floor(rank / this.#size.columns) * this.#size.height;
    const shift = top - this.#first.top;
    if (!shift) return;
    this.#first.top = top;
    this.list.classList.add("still");
    this.scroller.scrollTop += shift;
    requestAnimationFrame(() => this.list.classList.remove("still"));
  }

  #draw() {
    const { scrollTop, clientHeight } = this.scroller;
    const { columns, height } = this.#size;
    if (!clientHeight) return;
    this.#noteFirst(scrollTop);
    const hadFocus = this.#goOn();
    const from = this.#rankAt(scrollTop - AROUND_PX);
    const to = Math.min(this.#rows.total, this.#rankAt(scrollTop + clientHeight + AROUND_PX) + columns);
    const shown = [];
    for (let rank = from; rank < to; rank += 1) if (this.#rows.at(rank)) shown.push(rank);
    const held = this.current === null ? -1 : this.#rows.rankOf(this.current);
    if (held >= 0 && (held < from || held >= to)) shown.push(held);
    this.#place(shown.sort((one, other) => one - other), height, columns);
    if (hadFocus) this.#cards.get(this.current)?.querySelector(".open").focus({ preventScroll: true });
    this.#rows.need(from, to);
  }

  // Where the current row was taken from the list, the one that follows is current instead. Whether it had the focus.
  #goOn() {
    if (this.current === null) return false;
    const rank = this.#rows.rankOf(this.current);
    if (rank >= 0) this.#stood = { id: this.current, rank };
    if (rank >= 0 || this.#stood.id !== this.current) return false;
    const at = Math.min(this.#stood.rank, this.#rows.total - 1);
    const next = this.#rows.at(at);
    if (!next) return false;
    const hadFocus = Boolean(this.#cards.get(this.current)?.contains(document.activeElement));
    this.#stood = { id: next.event_id, rank: at };
    this.current = next.event_id;
    this.onMove(this.current);
    return hadFocus;
  }

  // What keeps its place when rows above it come or go: the first that is wholly on the screen.
  #noteFirst(scrollTop) {
    const rank = this.#rankAt(scrollTop + this.#size.height - 1);
    const defect = this.#rows.at(rank);
    const top = (rank / this.#size.columns) * this.#size.height;
    this.#first = defect ? { event_id: defect.event_id, detected_at: defect.detected_at, top } : null;
  }

  #place(ranks, height, columns) {
    const wanted = new Set(ranks.map((rank) => this.#rows.at(rank).event_id));
    for (const [id, card] of this.#cards) {
      if (wanted.has(id)) continue;
      this.#card.drop(card);
      card.remove();
      this.#cards.delete(id);
    }
    let before = null;
    const stop = this.#rows.rankOf(this.current) >= 0 ? this.current : this.#first?.event_id;
    for (const rank of ranks) {
      const defect = this.#rows.at(rank);
      const old = this.#cards.get(defect.event_id);
      const card = old ?? this.#card.make(defect.event_id);
      this.#cards.set(defect.event_id, card);
      const [x, y] = [(rank % columns) * (this.#size.width + this.#size.gap), Math.floor(rank / columns) * height];
      card.style.transform = `translate(${x}px, ${y}px)`;
      card.style.width = `${this.#size.width}px`;
      card.ariaSetSize = String(this.#rows.total);
      card.ariaPosInSet = String(rank + 1);
      this.#card.fill(card, defect, this.kind, { isCurrent: defect.event_id === this.current, isStop: defect.event_id === stop });
      if (!old || (card.previousElementSibling !== before && !card.contains(document.activeElement))) {
        this.list.insertBefore(card, before ? before.nextElementSibling : this.list.firstElementChild);
      }
      before = card;
    }
  }
}
