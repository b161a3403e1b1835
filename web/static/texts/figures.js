// The English of the page "Today".

import { age } from "../common/format.js";

const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const percent = (share) => (share > 0 && share < 0.01 ? "under 1 %" : share < 1 && share > 0.99 ? "over 99 %" : `${Math.round(share * 100)} %`);
const found = (count) => (count === 0 ? "no defect" : count === 1 ? "1 defect" : `${number.format(count)} defects`);

export const number = new Intl.NumberFormat("en-GB");

export const texts = {
  title: "Today at a glance",
  filters: "What is counted",
  range: "Time",
  ranges: { today: "Today", "24h": "24 hours", "7d": "7 days", "30d": "30 days" },
  inRange: { today: "today", "24h": "in the last 24 hours", "7d": "in the last 7 days", "30d": "in the last 30 days" },
  before: { today: "yesterday by this time", "24h": "in the 24 hours before", "7d": "in the 7 days before", "30d": "in the 30 days before" },
  device: "Camera",
  label: "Type",
  anyDevice: "All cameras",
  anyLabel: "All types",
  by: "Colours show",
  bys: { label: "Type", device_id: "Camera" },
  exports: "Export",
  export: { csv: "CSV", json: "JSON" },
  exportName: (format) => `Export what is counted here as ${format}`,
  reading: "Counting …",
  stale: (time) => `What you see was read at ${time}.`,
  retry: "Try again",
  totals: { found: "Found", review: "Waiting for review", done: "Reviewed", falseAlarms: "False alarms" },
  number: (count) => number.format(count),
  change: (now, then, before) => {
    const more = now - then;
    if (!more) return `As many as ${before}`;
    return `${more > 0 ? "▲" : "▼"} ${number.format(Math.abs(more))} ${more > 0 ? "more" : "fewer"} than ${before}`;
  },
  oldest: (seconds) => `The oldest waits for ${age(seconds)}`,
  nothingWaits: "Nothing waits",
  ofFound: (part, all) => (all ? `${percent(part / all)} of what was found` : "Nothing was found"),
  chart: (bucket) => (bucket === "hour" ? "Defects per hour" : "Defects per day"),
  chartLabel: (title, total, inRange) => `${title}: ${found(total)} ${inRange}. Arrow keys go from bar to bar.`,
  asTable: "Show as table",
  columns: { time: { hour: "Hour", day: "Day" }, total: "All" },
  others: "Others",
  mark: { hour: (start) => hour.format(start), day: (start) => day.format(start) },
  stretch: {
    hour: (start, end) => `${day.format(start)}, ${hour.format(start)}–${hour.format(end)}`,
    day: (start) => weekday.format(start),
  },
  about: ({ since, until }, filters) => [`${day.format(since)} – ${day.format(new Date(until - 1))}`, ...filters].filter(Boolean).join(", "),
  found,
  bar: (stretch, total, parts) => {
    const told = parts.map(([key, count]) => `${count} ${key}`).join(", ");
    return [`${stretch}: ${found(total)}`, told].filter(Boolean).join(", of them ");
  },
  part: (stretch, key, count) => `${stretch}: ${count} ${key}`,
  legend: (key, count, total) => `${key}: ${found(count)}, ${percent(count / total)}`,
  empty: (inRange) => `No defects ${inRange}`,
  emptyHint: "What the cameras find is counted here at once.",
  emptyFilter: (inRange) => `None of these ${inRange}`,
  emptyFilterHint: "Another camera or type may have some.",
  showAll: "Count all",
  seeLive: "See what the cameras see",
  falseAlarms: {
    title: "False alarms by type",
    hint: "What people marked as no defect, as a share of what was found.",
    none: "None has been marked. Who reviews a defect can say that it was none, and why.",
    share: (part, all) => `${percent(part / all)}: ${number.format(part)} of ${number.format(all)}`,
  },
  uptime: {
    title: "Uptime",
    hint: "As far as the bridge was there to see it.",
    none: "No camera has been seen yet.",
    online: (share) => `online ${percent(share)}`,
    offline: (seconds) => `offline ${age(seconds)}`,
    unseen: (seconds) => `not watched ${age(seconds)}`,
    never: "not watched",
    more: (count) => `Show ${count} more`,
  },
};
