// What a program tells of itself: its health in numbers, as small curves over the last minutes, and all facts in groups.

import { el, say, svg } from "../common/dom.js";
import { age, longTime } from "../common/format.js";
import { texts } from "../texts/devices.js";

const [KEPT_S, LEAST_S] = [600, 30];
const [WIDTH, HEIGHT] = [160, 36];
const names = texts.facts;
const value = texts.value;

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

// [title, [[name, text], …]] of each group; what is not told is left out.
export function factsOf(device) {
  const { info, health } = device;
  const groups = [
    [names.program, program(device)],
    [names.camera, camera(info?.camera, health)],
    [names.model, model(info?.model, health)],
    [names.live, live(health)],
    [names.outbox, outbox(health?.outbox)],
    [names.store, store(health?.store)],
    [names.machine, machine(health)],
    [texts.detail.counters, counted(health?.counters)],
    [texts.detail.refused, counted(device.refused)],
  ];
  return groups.map(([title, rows]) => [title, rows.filter(([, text]) => text)]).filter(([, rows]) => rows.length);
}

// A fact in words; nothing where there is none.
const told = (fact, words) => (fact === undefined || fact === null ? null : words(fact));
const of = (part, all) => texts.of(value.count(part), value.count(all));

function program({ deviceId, role, status, info, health, first_seen_at: first, last_seen_at: last }) {
  return [
    [names.name, deviceId], [names.role, texts.role(role)], [names.version, info?.version], [names.host, info?.hostname],
    [names.started, told(info?.started_at, longTime)], [names.uptime, told(health?.uptime_s, age)],
    [names.first, told(first, longTime)], [names.last, told(last, longTime)],
    [names.status, told(status, (said) => texts.said[said] ?? said)], [names.viewers, told(health?.viewers, value.count)],
  ];
}

function camera(info, health) {
  return [
    [names.source, info?.uri], [names.image, told(info?.image_wh, value.size)], [names.asked, told(info?.fps, value.rate)],
    [names.captured, told(health?.capture_fps, value.rate)], [names.lastFrame, told(health?.last_frame_age_s, texts.ago)],
    [names.sameFrame, told(health?.same_frame_s, age)], [names.holder, health?.camera_holder],
  ];
}

function model(info, health) {
  return [
    [names.modelName, info?.name], [names.runtime, info?.runtime], [names.image, told(info?.imgsz, (px) => value.size([px, px]))],
    [names.why, info?.why], [names.labels, info?.labels?.join(", ")], [names.looked, told(health?.detect_fps, value.rate)],
    [names.lastDetect, told(health?.last_detect_age_s, texts.ago)],
    [names.detectShare, health?.detect_share < 1 ? value.share(health.detect_share) : null],
    [names.skipped, told(health?.frames, ({ skipped_detect: skipped, captured }) => of(skipped, captured))],
    [names.sha, told(info?.sha256, texts.digest)],
  ];
}

function live(health) {
  const now = health?.live;
  return [
    [names.liveRate, told(now?.fps, value.rate)], [names.published, told(health?.publish_fps, value.rate)],
    [names.image, told(now?.image_wh, value.size)], [names.quality, told(now?.quality, value.count)], [names.lag, told(now?.frame_ms, value.ms)],
    [names.limited, now?.limited_by === "link" ? texts.limited.link : null], [names.linkRate, told(now?.link_kbit_s, value.kbit)],
    [names.skipped, told(health?.frames, ({ skipped_publish: skipped, captured }) => of(skipped, captured))],
  ];
}

function outbox(health) {
  return [
    [names.depth, told(health?.depth, value.count)], [names.oldest, told(health?.oldest_age_s, age)],
    [names.bytes, told(health?.size_bytes, value.bytes)], [names.confirmed, told(health?.confirmed, value.count)],
    [names.dropped, told(health?.dropped, value.count)], [names.pictures, told(health?.pictures_dropped, value.count)],
    [names.rejected, told(health?.rejected, value.count)],
  ];
}

function store(health) {
  return [
    [names.kind, health?.kind], [names.error, health?.error], [names.commit, told(health?.last_commit_age_s, texts.ago)],
    [names.rows, told(health?.rows, value.count)], [names.images, told(health?.images, value.count)],
    [names.dead, told(health?.dead_letters, value.count)], [names.orphans, told(health?.orphans, value.count)],
    [names.dropped, told(health?.dropped, value.count)],
  ];
}

function machine(health) {
  return [
    [names.temperature, told(health?.cpu_temp_c, value.celsius)], [names.throttled, told(health?.throttled, value.throttled)],
    [names.memory, told(health?.memory_free_mb, value.mb)], [names.ownMemory, told(health?.memory_mb, value.mb)],
    [names.disk, told(health?.disk_free_mb, value.mb)], [names.wifi, told(health?.wifi, texts.wifi)],
    [names.clock, told(health?.clock, (state) => texts.clocks[state])],
  ];
}

function counted(counts) {
  return Object.entries(counts ?? {}).filter(([, count]) => count).map(([name, count]) => [name.replaceAll("_", " "), value.count(count)]);
}
