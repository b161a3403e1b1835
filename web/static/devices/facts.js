// All facts that a program tells of itself, in groups.

import { age, longTime } from "../common/format.js";
import { texts } from "../texts/devices.js";

const names = texts.facts;
const value = texts.value;

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
