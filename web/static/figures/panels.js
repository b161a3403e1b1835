// What stands around the chart: the totals, false alarms by type, uptime by camera.

import { el } from "../common/dom.js";
import { texts } from "../texts/figures.js";
import { swatch } from "./bars.js";

const FIRST_ROWS = 12;

// Other children, and the focus stays at the link to the same address.
export function refill(root, ...children) {
  const href = root.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  root.replaceChildren(...children);
  if (href !== null) [...root.querySelectorAll("a")].find((link) => link.getAttribute("href") === href)?.focus();
}

// A number in large with what it is compared with, and where it leads.
export function total(name, { value, detail, href, tone = "" }) {
  return el("a", { class: `total ${tone}`, href },
    el("span", { class: "total-name" }, name), el("strong", {}, value), el("span", { class: "total-detail" }, detail));
}

// [{label, colour, part, all, href}]
export function falseAlarms(root, rows) {
  const shown = rows.filter(({ part }) => part);
  const words = texts.falseAlarms;
  refill(root, el("header", {}, el("h2", {}, words.title)),
    shown.length ? el("p", { class: "hint" }, words.hint) : el("p", { class: "hint" }, words.none),
    el("ul", { class: "shares" }, ...shown.map(({ label, colour, part, all, href }) =>
      el("li", {}, el("a", { href },
        el("span", { class: "share-name" }, swatch(colour), label), el("span", { class: "share-words" }, words.share(part, all)),
        lane([["part", part / all, colour]]))))));
}

// One bar a camera: there, away, and not watched, each also in words.
export class Uptime {
  #open = false;
  #told = null;
  #root;

  constructor(root) {
    this.#root = root;
  }

  // {rows: [{device_id, online_s, observed_s}], span_s}
  show(told) {
    this.#told = told;
    const rows = told.rows.toSorted((one, other) => share(one) - share(other) || (one.device_id < other.device_id ? -1 : 1));
    const shown = this.#open ? rows : rows.slice(0, FIRST_ROWS);
    const words = texts.uptime;
    refill(this.#root, el("header", {}, el("h2", {}, words.title)),
      el("p", { class: "hint" }, rows.length ? words.hint : words.none),
      el("ul", { class: "shares" }, ...shown.map((row) => this.#row(row, told.span_s))));
    if (shown.length === rows.length) return;
    this.#root.append(el("button", { type: "button", class: "more", on: { click: () => this.#more() } }, words.more(rows.length - shown.length)));
  }

  #row({ device_id: id, name, online_s: online, observed_s: observed }, span) {
    const words = texts.uptime;
    const [offline, unseen] = [Math.max(observed - online, 0), Math.max(span - observed, 0)];
    const said = [
      observed > 0 ? words.online(online / observed) : words.never,
      offline >= 1 ? words.offline(offline) : null,
      observed > 0 && unseen / span > 0.005 ? words.unseen(unseen) : null,
    ].filter(Boolean).join(" · ");
    return el("li", {}, el("a", { href: `/devices/${encodeURIComponent(id)}` },
      el("span", { class: "share-name", title: id }, name), el("span", { class: "share-words" }, said),
      lane([["online", online / span], ["offline", offline / span], ["unseen", unseen / span]])));
  }

  #more() {
    this.#open = true;
    this.show(this.#told);
  }
}

const share = ({ online_s: online, observed_s: observed }) => (observed > 0 ? online / observed : -1);

function lane(parts) {
  return el("span", { class: "lane", "aria-hidden": "true" }, ...parts.map(([kind, size, colour]) => {
    const piece = el("span", { class: `piece ${kind}` });
    piece.style.flexGrow = String(size);
    piece.style.setProperty("--colour", colour ?? "");
    return piece;
  }), parts.length === 1 ? rest(parts[0][1]) : null);
}

function rest(taken) {
  const piece = el("span", { class: "piece" });
  piece.style.flexGrow = String(Math.max(1 - taken, 0));
  return piece;
}
