// The chart with its legend, and the same numbers as a table for whoever wants them so.

import { el, say } from "../common/dom.js";
import { colours } from "../common/format.js";
import { texts } from "../texts/figures.js";
import { Bars, swatch } from "./bars.js";
import { refill } from "./panels.js";
import { endOf, indexIn } from "./query.js";

const MOST_SERIES = 8;
const OTHERS = Symbol("others");
const OTHERS_COLOUR = "#9babb4";

export class Chart {
  #bars = new Bars();
  #title = el("h2", { id: "chart-title" });
  #legend = el("ul", { class: "legend", "aria-labelledby": "chart-title" });
  #table = el("div", { class: "table-box", hidden: true, tabindex: 0, role: "region", "aria-labelledby": "chart-title" });
  #switch = el("input", { type: "checkbox", on: { change: () => this.#toggle() } });
  #told = null;

  constructor(root, tools) {
    root.append(
      el("header", {}, this.#title, tools, el("label", { class: "switch" }, this.#switch, texts.asTable)),
      this.#bars.element, this.#table, this.#legend);
  }

  // `counted` is Tally.by(by, range); `way` gives the address of the defects behind a bar.
  show({ counted, by, range, way, nameOf }) {
    const series = shown(counted);
    const paint = colours(series.map(({ key }) => key).filter((key) => key !== OTHERS));
    for (const one of series) {
      one.label = one.key === OTHERS ? texts.others : nameOf(one.key);
      one.colour = one.key === OTHERS ? OTHERS_COLOUR : paint.get(one.key);
      one.narrower = one.key === OTHERS ? {} : { [by === "label" ? "label" : "device"]: one.key };
    }
    const title = texts.chart(range.bucket);
    say(this.#title, title);
    const columns = range.starts.map((start, index) => column(start, endOf(range, index), index, { series, range, way }));
    const running = indexIn(range, new Date());
    if (running >= 0) columns[running].now = true;
    this.#told = { label: texts.chartLabel(title, counted.total, texts.inRange[range.name]), columns, series, range, way };
    this.#bars.show(this.#told);
    refill(this.#legend, ...series.map((one) => el("li", {},
      el("a", { href: way({ ...span(range), ...one.narrower }), "aria-label": texts.legend(one.label, one.total, counted.total) },
        swatch(one.colour), el("span", {}, one.label), el("span", { class: "number" }, texts.number(one.total))))));
    if (this.#switch.checked) this.#fillTable();
  }

  #toggle() {
    const asTable = this.#switch.checked;
    this.#table.hidden = !asTable;
    this.#bars.element.hidden = asTable;
    if (asTable && this.#told) this.#fillTable();
  }

  #fillTable() {
    const { columns, series, range, label } = this.#told;
    const head = [texts.columns.time[range.bucket], ...series.map((one) => one.label), texts.columns.total];
    const cell = (count, href) => el("td", { class: "number" }, count ? el("a", { href }, texts.number(count)) : "–");
    refill(this.#table, el("table", { class: "table counts" }, el("caption", { class: "sr" }, label),
      el("thead", {}, el("tr", {}, ...head.map((name, at) => el("th", { scope: "col", class: at ? "number" : null }, name)))),
      el("tbody", {}, ...columns.map((one) => el("tr", {}, el("th", { scope: "row" }, one.title),
        ...one.parts.map((part) => cell(part.count, part.href)), cell(one.total, one.href))))));
  }
}

const span = ({ since, until }) => ({ since, until });

function column(start, end, index, { series, range, way }) {
  const stretch = texts.stretch[range.bucket](start, end);
  const parts = series.map(({ key, label, colour, narrower, numbers }) => ({
    key, label, colour, count: numbers[index], name: texts.part(stretch, label, numbers[index]),
    href: way({ since: start, until: end, ...narrower }),
  }));
  const total = parts.reduce((all, { count }) => all + count, 0);
  const told = parts.filter(({ count }) => count).map(({ label, count }) => [label, count]);
  return {
    title: stretch, summary: texts.found(total), total, parts, mark: texts.mark[range.bucket](start),
    name: texts.bar(stretch, total, told), href: way({ since: start, until: end }),
  };
}

// The most frequent by name, the rest as one.
function shown({ series, values }) {
  const named = series.length > MOST_SERIES ? series.slice(0, MOST_SERIES - 1) : series;
  const told = named.map(({ key, total }) => ({ key, total, numbers: values.get(key) }));
  const rest = series.slice(named.length);
  if (rest.length) {
    const numbers = values.get(rest[0].key).map((_, at) => rest.reduce((sum, { key }) => sum + values.get(key)[at], 0));
    told.push({ key: OTHERS, total: rest.reduce((sum, { total }) => sum + total, 0), numbers });
  }
  return told;
}
