// What is counted, as the address of the page says it, as the API is asked for it, and as other pages filter by it:
// a range of hours or days in the browser's own time zone.

import { api } from "../common/web.js";

export const RANGES = ["today", "24h", "7d", "30d"];

const BYS = ["label", "device_id"];
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const HOUR_MS = 3_600_000;
const DAYS = { today: 1, "7d": 7, "30d": 30 };

export class Query {
  constructor(search = location.search) {
    const asked = new URLSearchParams(search);
    const one = (name, choices, otherwise) => (choices.includes(asked.get(name)) ? asked.get(name) : otherwise);
    this.range = one("range", RANGES, "today");
    this.by = one("by", BYS, "label");
    this.device = asked.get("device") ?? "";
    this.label = asked.get("label") ?? "";
  }

  // Keep it in the address: what differs from how the page begins.
  keep() {
    const { range, by, device, label } = this;
    const told = filled({ range: range === "today" ? "" : range, by: by === "label" ? "" : by, device, label });
    history.replaceState(null, "", told.size ? `?${told}` : location.pathname);
  }

  get filtered() {
    return Boolean(this.device || this.label);
  }

  counts({ device_id: device, label }) {
    return (!this.device || device === this.device) && (!this.label || label === this.label);
  }

  now() {
    return rangeOf(this.range);
  }

  // The figures of a stretch of time.
  read({ since, until }) {
    const { bucket } = this.now();
    return api.get("/api/figures", filled({ ...times(since, until), bucket, zone: ZONE, device: this.device, label: this.label }));
  }

  // Where these defects are listed: these filters, and over them what is more narrow.
  way({ since, until, ...narrower }) {
    return `/defects?${filled({ device: this.device, label: this.label, ...(since && times(since, until)), ...narrower })}`;
  }

  exported({ since, until }, format) {
    return `/api/defects/export?${filled({ format, ...times(since, until), device: this.device, label: this.label })}`;
  }
}

const times = (since, until) => ({ since: since.toISOString(), until: until.toISOString() });

// What has a value; what has several is given again and again.
function filled(values) {
  const given = Object.entries(values).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(given.filter(([, value]) => value !== "" && value !== undefined));
}

// {name, bucket, since, until, starts: [Date], before: {since, until}}; `before` ends as far in as `now` is.
function rangeOf(name, now = new Date()) {
  return name in DAYS ? days(name, DAYS[name], now) : hours(name, 24, now);
}

// Which of the stretches beginning at `starts` holds that instant; -1: none.
export function indexIn({ starts, until }, at) {
  return at >= until ? -1 : starts.findLastIndex((start) => start <= at);
}

// When the stretch at that place ends.
export function endOf({ starts, until }, index) {
  return starts[index + 1] ?? until;
}

function hours(name, count, now) {
  const until = new Date(now);
  until.setMinutes(60, 0, 0);
  const since = new Date(until - count * HOUR_MS);
  const back = (time) => new Date(time - count * HOUR_MS);
  return { name, bucket: "hour", since, until, starts: hourly(since, until), before: { since: back(since), until: back(now) } };
}

function days(name, count, now) {
  const today = new Date(now);
  today.setHours(0, 0, 0, 0);
  const [since, until] = [shifted(today, 1 - count), shifted(today, 1)];
  const bucket = count === 1 ? "hour" : "day";
  const starts = count === 1 ? hourly(since, until) : Array.from({ length: count }, (_, day) => shifted(since, day));
  return { name, bucket, since, until, starts, before: { since: shifted(since, -count), until: shifted(now, -count) } };
}

// By the calendar, not by 24 hours: a day on which clocks are put back has 25.
function shifted(time, days) {
  const moved = new Date(time);
  moved.setDate(moved.getDate() + days);
  return moved;
}

function hourly(since, until) {
  const starts = [];
  for (let at = since.getTime(); at < until.getTime(); at += HOUR_MS) starts.push(new Date(at));
  return starts;
}
