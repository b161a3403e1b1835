// Stacked bars: a column for each stretch of time, each column and each part of it a link. Arrow keys go from one to
// the next: left and right through time, up and down through the parts.

import { el, svg } from "../common/dom.js";

const HEIGHT_PX = [210, 400];
const MARGIN = { top: 10, right: 6, bottom: 26, left: 38 };
const LABEL_PX = 52;
const WIDEST_BAR_PX = 46;
const TIP_GAP_PX = 6;

class Column {
  #parts = new Map();
  #hit = svg("rect", { class: "hit", y: MARGIN.top, rx: 4 });
  whole = svg("a", { class: "whole", tabindex: -1 }, this.#hit);
  element = svg("g", { class: "column" }, this.whole);

  // Links of this column, the whole first, then its parts as they stack.
  get links() {
    return [this.whole, ...[...this.#parts.values()].filter(({ link }) => link.isConnected).map(({ link }) => link)];
  }

  show({ name, href, parts, place, scale }) {
    set(this.whole, { href, "aria-label": name });
    set(this.#hit, { x: place.left, width: place.step, height: place.ground - MARGIN.top });
    let base = place.ground;
    for (const part of parts) {
      const { link, rect } = this.#part(part.key);
      if (!part.count) {
        link.remove();
        continue;
      }
      const high = Math.max(part.count * scale, 2);
      base -= high;
      this.element.append(link);
      set(link, { href: part.href, "aria-label": part.name });
      set(rect, { x: place.left + (place.step - place.bar) / 2, y: base, width: place.bar, height: Math.max(high - 1, 1) });
      rect.style.setProperty("--colour", part.colour);
    }
    const kept = new Set(parts.map(({ key }) => key));
    for (const [key, { link }] of this.#parts) {
      if (kept.has(key)) continue;
      link.remove();
      this.#parts.delete(key);
    }
  }

  #part(key) {
    if (!this.#parts.has(key)) {
      const rect = svg("rect", { class: "part-bar", rx: 2 });
      this.#parts.set(key, { rect, link: svg("a", { class: "part", tabindex: -1 }, rect) });
    }
    return this.#parts.get(key);
  }
}

export class Bars {
  #columns = [];
  #shown = null;
  #at = 0;
  #lines = svg("g", { class: "lines", "aria-hidden": "true" });
  #bars = svg("g");
  #names = svg("g", { class: "names", "aria-hidden": "true" });
  #picture = svg("svg", { role: "group" }, this.#lines, this.#bars, this.#names);
  #tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  element = el("div", { class: "plot" }, this.#picture, this.#tip);

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(this.element);
    this.#picture.addEventListener("keydown", (event) => this.#go(event));
    this.#picture.addEventListener("focusin", ({ target }) => this.#focused(target));
    this.#picture.addEventListener("focusout", () => this.#point(null));
    this.#picture.addEventListener("pointerover", ({ target }) => this.#point(this.#indexOf(target)));
    this.#picture.addEventListener("pointerleave", () => this.#point(null));
  }

  // {label, unit, columns: [{mark, title, name, href, total, now, parts: [{key, label, name, colour, count, href}]}]}
  show(told) {
    this.#shown = told;
    this.#draw();
  }

  #draw() {
    const width = this.element.clientWidth;
    if (!this.#shown || !width) return;
    const { columns, label } = this.#shown;
    while (this.#columns.length > columns.length) this.#columns.pop().element.remove();
    while (this.#columns.length < columns.length) this.#add();
    const height = Math.round(Math.min(Math.max(width * 0.3, HEIGHT_PX[0]), HEIGHT_PX[1]));
    const ground = height - MARGIN.bottom;
    set(this.#picture, { width, height, viewBox: `0 0 ${width} ${height}`, "aria-label": label });
    const step = (width - MARGIN.left - MARGIN.right) / columns.length;
    const bar = Math.max(Math.min(step * 0.72, WIDEST_BAR_PX), 2);
    const { top, ticks } = scaleOf(Math.max(...columns.map(({ total }) => total)));
    const scale = (ground - MARGIN.top) / top;
    columns.forEach((column, index) => {
      const place = { left: MARGIN.left + index * step, step, bar, ground };
      this.#columns[index].show({ ...column, place, scale });
    });
    this.#lines.replaceChildren(...ticks.flatMap((tick) => line(tick, ground - tick * scale, width)));
    this.#names.replaceChildren(...this.#marks(columns, step, height - 8));
    this.#rove(Math.min(this.#at, columns.length - 1));
  }

  #add() {
    const column = new Column();
    this.#columns.push(column);
    this.#bars.append(column.element);
  }

  // As many of their names as there is room for, the running one always.
  #marks(columns, step, y) {
    const each = Math.max(1, Math.ceil(LABEL_PX / step));
    const running = columns.findIndex(({ now }) => now);
    const fits = (index) => index % each === 0 && (running < 0 || index === running || Math.abs(index - running) * step >= LABEL_PX);
    return columns.flatMap(({ mark, now }, index) => (now || fits(index)
      ? [svg("text", { x: MARGIN.left + (index + 0.5) * step, y, class: now ? "now" : null }, mark)] : []));
  }

  #indexOf(target) {
    const index = this.#columns.findIndex(({ element }) => element.contains(target));
    return index < 0 ? null : index;
  }

  // One stop of the tab key for all of it.
  #rove(index) {
    this.#at = index;
    this.#columns.forEach(({ whole }, at) => whole.setAttribute("tabindex", at === index ? 0 : -1));
  }

  #focused(target) {
    const index = this.#indexOf(target);
    if (index === null) return;
    this.#rove(index);
    this.#point(index);
  }

  #go(event) {
    const { links } = this.#columns[this.#at];
    const part = links.indexOf(document.activeElement);
    const last = this.#columns.length - 1;
    const next = {
      ArrowLeft: () => this.#columns[Math.max(this.#at - 1, 0)].whole,
      ArrowRight: () => this.#columns[Math.min(this.#at + 1, last)].whole,
      Home: () => this.#columns[0].whole,
      End: () => this.#columns[last].whole,
      ArrowUp: () => links[Math.min(part + 1, links.length - 1)],
      ArrowDown: () => links[Math.max(part - 1, 0)],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next().focus();
  }

  #point(index) {
    const column = index === null ? null : this.#shown?.columns[index];
    this.#tip.hidden = !column;
    if (!column) return;
    this.#tip.replaceChildren(el("strong", {}, column.title), el("span", { class: "tip-total" }, column.summary),
      ...column.parts.filter(({ count }) => count).reverse().map(({ label, colour, count }) =>
        el("span", { class: "tip-part" }, swatch(colour), el("span", {}, label), el("span", { class: "number" }, String(count)))));
    const box = this.#columns[index].whole.getBBox();
    // Beside the bar, where there is more room.
    const [wide, all] = [this.#tip.offsetWidth, this.element.clientWidth];
    const left = box.x + box.width / 2 < all / 2 ? box.x + box.width + TIP_GAP_PX : box.x - wide - TIP_GAP_PX;
    this.#tip.style.left = `${Math.max(0, Math.min(left, all - wide))}px`;
  }
}

export function swatch(colour) {
  const square = el("span", { class: "swatch", "aria-hidden": "true" });
  square.style.setProperty("--colour", colour);
  return square;
}

function line(tick, y, width) {
  return [
    svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y, class: tick ? "rule" : "rule ground" }),
    svg("text", { x: MARGIN.left - 8, y: y + 4, class: "tick" }, String(tick)),
  ];
}

// Round numbers, five at most, up to the highest bar.
function scaleOf(highest) {
  const rough = Math.max(highest, 5) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough);
  const top = Math.max(Math.ceil(highest / step), 1) * step;
  return { top, ticks: Array.from({ length: top / step + 1 }, (_, index) => index * step) };
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}
