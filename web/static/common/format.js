// Ages, times, sizes, states and devices as people read them.

// A mark of its own for each state, beside its colour and its word.
export const SIGNS = { ok: "✓", degraded: "!", failed: "✗", unknown: "?" };

const names = new Map();

// A device by the name that people gave it, or by its id.
export const called = (id) => names.get(id) ?? id;

// With its id where it has a name: whoever looks for either finds it.
export const calledInFull = (id) => (names.has(id) ? `${names.get(id)} (${id})` : id);

// What devices are called now: [[id, name]], null: nothing; `isAll`: others have no name. Whether that is news.
export function learnNames(told, { isAll = false } = {}) {
  const others = isAll ? [...names.keys()].filter((id) => !told.some(([one]) => one === id)) : [];
  const news = [...others.map((id) => [id, null]), ...told].filter(([id, name]) => (names.get(id) ?? null) !== name);
  for (const [id, name] of news) {
    if (name === null) names.delete(id);
    else names.set(id, name);
  }
  return news.length > 0;
}

export function age(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${Math.max(seconds, 0).toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 5970) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export function clock(date) {
  return clockTime.format(date);
}

export function shortTime(text) {
  const time = new Date(text);
  return time.toDateString() === new Date().toDateString() ? clockTime.format(time) : dayTime.format(time);
}

export function longTime(text) {
  return fullTime.format(new Date(text));
}

const COLOURS = { scratch: "#ffc857", crack: "#ff8fa3", bubble: "#5ad1c3", chip: "#7fb7ff", stain: "#c49bff" };
const PALETTE = ["#9bc53d", "#f4a259", "#e3d8a8", "#8fe388", "#f2b5d4", "#a0c4d8"];

// One colour a label, the same everywhere.
export function colour(label) {
  if (Object.hasOwn(COLOURS, label)) return COLOURS[label];
  let sum = 0;
  for (const letter of label) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return PALETTE[sum % PALETTE.length];
}

// A colour for each of several: its own, or where another has that one, the next that is free.
export function colours(labels) {
  const chosen = new Map();
  const taken = new Set();
  for (const label of labels.toSorted()) {
    const free = [colour(label), ...PALETTE, ...Object.values(COLOURS)].find((one) => !taken.has(one)) ?? colour(label);
    chosen.set(label, free);
    taken.add(free);
  }
  return chosen;
}
