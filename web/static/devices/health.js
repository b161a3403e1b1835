// Health in numbers: how each went over the last minutes, as small curves, and all facts that a program tells.

import { el, say, svg } from "../common/dom.js";
import { age, longTime } from "../common/format.js";
import { texts } from "../texts/devices.js";

const [KEPT_S, LEAST_S] = [600, 30];
const [WIDTH, HEIGHT] = [160, 36];
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

// Groups of facts: [title, [[name, text], …]]; what is not told is left out.
export function factsOf(device) {
  const { info, health } = device;
  const names = texts.facts;
  const made = (fact, words) => (fact === undefined || fact === null ? null : words(fact));
  const { camera, model } = info ?? {};
  const { frames, live, outbox, store } = health ?? {};
  const groups = [
    [names.program, [
      [names.name, device.deviceId], [names.role, texts.role(device.role)], [names.version, info?.version], [names.host, info?.hostname],
      [names.started, made(info?.started_at, longTime)], [names.uptime, made(health?.uptime_s, age)],
      [names.first, made(device.first_seen_at, longTime)], [names.last, made(device.last_seen_at, longTime)],
      [names.status, made(device.status, (said) => texts.said[said] ?? said)], [names.viewers, made(health?.viewers, value.count)],
    ]],
    [names.camera, [
      [names.source, camera?.uri], [names.image, made(camera?.image_wh, value.size)], [names.asked, made(camera?.fps, value.rate)],
      [names.captured, made(health?.capture_fps, value.rate)], [names.lastFrame, made(health?.last_frame_age_s, texts.ago)],
      [names.sameFrame, made(health?.same_frame_s, age)], [names.holder, health?.camera_holder],
    ]],
    [names.model, [
      [names.modelName, model?.name], [names.runtime, model?.runtime], [names.image, made(model?.imgsz, (px) => value.size([px, px]))],
      [names.why, model?.why], [names.labels, model?.labels?.join(", ")],
      [names.looked, made(health?.detect_fps, value.rate)], [names.lastDetect, made(health?.last_detect_age_s, texts.ago)],
      [names.detectShare, health?.detect_share < 1 ? value.share(health.detect_share) : null],
      [names.skipped, made(frames, ({ skipped_detect: skipped, captured }) => texts.of(value.count(skipped), value.count(captured)))],
      [names.sha, made(model?.sha256, texts.digest)],
    ]],
    [names.live, [
      [names.liveRate, made(live?.fps, value.rate)], [names.published, made(health?.publish_fps, value.rate)], [names.image, made(live?.image_wh, value.size)],
      [names.quality, made(live?.quality, value.count)], [names.lag, made(live?.frame_ms, value.ms)],
      [names.limited, live?.limited_by === "link" ? texts.limited.link : null], [names.linkRate, made(live?.link_kbit_s, value.kbit)],
      [names.skipped, made(frames, ({ skipped_publish: skipped, captured }) => texts.of(value.count(skipped), value.count(captured)))],
    ]],
    [names.outbox, outbox ? [
      [names.depth, value.count(outbox.depth)], [names.oldest, made(outbox.oldest_age_s, age)], [names.bytes, value.bytes(outbox.size_bytes)],
      [names.confirmed, value.count(outbox.confirmed)], [names.dropped, value.count(outbox.dropped)],
      [names.pictures, value.count(outbox.pictures_dropped)], [names.rejected, value.count(outbox.rejected)],
    ] : []],
    [names.store, store ? [
      [names.kind, store.kind], [names.error, store.error], [names.commit, made(store.last_commit_age_s, texts.ago)], [names.rows, value.count(store.rows)],
      [names.images, value.count(store.images)], [names.dead, value.count(store.dead_letters)], [names.orphans, value.count(store.orphans)],
      [names.dropped, value.count(store.dropped)],
    ] : []],
    [names.machine, [
      [names.temperature, made(health?.cpu_temp_c, value.celsius)], [names.throttled, made(health?.throttled, value.throttled)],
      [names.memory, made(health?.memory_free_mb, value.mb)], [names.ownMemory, made(health?.memory_mb, value.mb)],
      [names.disk, made(health?.disk_free_mb, value.mb)], [names.wifi, made(health?.wifi, texts.wifi)],
      [names.clock, made(health?.clock, (state) => texts.clocks[state])],
    ]],
    [texts.detail.counters, Object.entries(health?.counters ?? {}).filter(([, count]) => count).map(([name, count]) => [words(name), value.count(count)])],
    [texts.detail.refused, Object.entries(device.refused ?? {}).map(([name, count]) => [words(name), value.count(count)])],
  ];
  return groups.map(([title, rows]) => [title, rows.filter(([, text]) => text)]).filter(([, rows]) => rows.length);
}

const words = (name) => name.replaceAll("_", " ");
