// Health in numbers: how each went over the last minutes, as small curves.

import { el, say, svg } from "../common/dom.js";
import { texts } from "../texts/devices.js";

const [KEPT_S, LEAST_S] = [600, 30];
const [WIDTH, HEIGHT] = [160, 36];

// What is drawn, by its name in texts.spark.
const NUMBERS = {
  cpu_temp_c: ({ cpu_temp_c: x }) => x,
  capture_fps: ({ capture_fps: x }) => x,
  detect_fps: ({ detect_fps: x }) => x,
  inference_ms: ({ inference_ms: x }) => x?.p95,
  lag: ({ live: x }) => x?.frame_ms,
  outbox: ({ outbox: x }) => x?.depth,
  wifi: ({ wifi: x }) => x?.signal_dbm,
  memory_free_mb: ({ memory_free_mb: x }) => x,
  disk_free_mb: ({ disk_free_mb: x }) => x,
  memory_mb: ({ memory_mb: x }) => x,
  viewers: ({ viewers: x }) => x,
  rows: ({ store: x }) => x?.rows,
};

class Tile {
  #now = el("strong");
  #trend = el("span", { class: "sr" });
  #line = svg("path", { class: "spark-line" });
  #area = svg("path", { class: "spark-area" });

  constructor(name) {
    [this.name, this.words] = texts.spark[name];
    this.element = el("li", { class: "tile" }, el("span", { class: "tile-name" }, this.name), this.#now, this.#trend,
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "spark", "aria-hidden": "true", preserveAspectRatio: "none" }, this.#area, this.#line));
  }

  // `points`: [{at, x}], oldest first, x may be undefined; `now` in the same seconds.
  show(points, now) {
    const told = points.filter(({ x }) => x !== undefined);
    const last = told.at(-1);
    this.element.hidden = !last;
    if (!last) return;
    const [least, most] = [Math.min(...told.map(({ x }) => x)), Math.max(...told.map(({ x }) => x))];
    say(this.#now, this.words(last.x));
    say(this.#trend, texts.detail.trend(this.words(least), this.words(most)));
    // A number that hardly moves is a flat line, not noise in large.
    const span = Math.max(most - least, Math.abs(most) * 0.1, 1e-6);
    const floor = (most + least - span) / 2;
    const from = Math.min(now - told[0].at, KEPT_S) < LEAST_S ? now - LEAST_S : Math.max(told[0].at, now - KEPT_S);
    const place = ({ at, x }) => [((at - from) / (now - from)) * WIDTH, HEIGHT - 3 - ((x - floor) / span) * (HEIGHT - 6)];
    const path = told.map(place).map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
    const [first, end] = [place(told[0])[0], place(last)[0]];
    this.#line.setAttribute("d", `M${path}`);
    this.#area.setAttribute("d", `M${first.toFixed(1)} ${HEIGHT}L${path}L${end.toFixed(1)} ${HEIGHT}Z`);
  }
}

export class Health {
  #points = [];
  #tiles = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, new Tile(name)]));
  #hint = el("p", { class: "hint" });
  #none = el("p", { class: "hint" }, texts.detail.noHealth);
  #list = el("ul", { class: "tiles" }, ...Object.values(this.#tiles).map(({ element }) => element));
  #lastSeq = null;

  constructor(root) {
    root.append(el("header", {}, el("h2", {}, texts.detail.health), this.#hint), this.#none, this.#list);
  }

  put({ health }) {
    const now = performance.now() / 1000;
    this.#none.hidden = Boolean(health) || this.#points.length > 0;
    const told = health && `${health.boot} ${health.seq}`;
    if (!health || told === this.#lastSeq) return;
    this.#lastSeq = told;
    this.#points = this.#points.filter(({ at }) => at > now - KEPT_S);
    this.#points.push({ at: now, health });
    say(this.#hint, texts.detail.healthHint(Math.floor((now - this.#points[0].at) / 60)));
    for (const [name, tile] of Object.entries(this.#tiles)) {
      tile.show(this.#points.map(({ at, health: one }) => ({ at, x: NUMBERS[name](one) })), now);
    }
  }
}
