// The English of the pages about devices.

import { age, longTime } from "../common/format.js";

const decimal = (digits) => new Intl.NumberFormat("en-GB", { maximumFractionDigits: digits });
const [whole, tenth] = [decimal(0), decimal(1)];
function mb(megabytes) {
  if (megabytes >= 1000) return `${tenth.format(megabytes / 1000)} GB`;
  return megabytes < 1 ? `${whole.format(megabytes * 1000)} kB` : `${whole.format(megabytes)} MB`;
}
const size = ([width, height]) => `${width} × ${height}`;
const rate = (fps) => `${tenth.format(fps)} fps`;

// What a Pi's firmware says in its flags: now, and at any time since it was started 16 bits further.
const FLAGS = ["too little voltage", "clock held down", "slowed down", "slowed down for heat"];
function throttled(text) {
  const flags = Number.parseInt(text, 16);
  if (!Number.isFinite(flags)) return text;
  const named = (from) => FLAGS.filter((_, bit) => flags & (1 << (from + bit)));
  const [now, ever] = [named(0), named(16)];
  const parts = [now.length ? now.join(", ") : "not now", ever.length ? `since it was started: ${ever.join(", ")}` : null];
  return flags ? parts.filter(Boolean).join("; ") : "no";
}

export const texts = {
  title: "Devices",
  roles: { node: "Camera", bridge: "Bridge", web: "Web", broker: "Broker" },
  role: (role) => texts.roles[role] ?? "Unknown",
  states: { ok: "works", degraded: "partly works", failed: "broken", offline: "away" },
  filter: "Filter by name, model, version or what is wrong",
  which: "Which",
  whichs: { "": "All", node: "Cameras", server: "Server" },
  trouble: (count) => `Only what needs a look (${count})`,
  sort: "Sort by",
  sortByState: "What needs a look",
  columns: {
    name: "Name", role: "Role", version: "Version", model: "Model", camera: "fps", inference: "Inference",
    temperature: "Temp.", outbox: "Waiting", lag: "Lag", last: "Last word",
  },
  titles: {
    camera: "Pictures a second: taken, looked at", inference: "Time the model takes for a picture: median, 95th percentile",
    outbox: "Detections that wait to be stored", lag: "From handing a live picture to the link until it is acknowledged",
  },
  summary: (there, all, trouble) => [
    all === 1 ? `${there} of 1 is there` : `${there} of ${all} are there`,
    trouble ? (trouble === 1 ? "1 needs a look" : `${trouble} need a look`) : "all well",
  ].join(", "),
  more: (count) => `Show ${count} more`,
  reading: "Reading …",
  empty: "No device has been heard yet",
  emptyHint: "Start a node with this server's broker address, like `python -m pi_node --broker mqtt://SERVER:1883`, and it appears here by itself.",
  emptyFilter: "None of them matches",
  emptyFilterHint: (all) => `There are ${all} devices in all.`,
  showAll: "Show all",
  digest: (sha256) => `${sha256.slice(0, 12)} …`,
  lastWord: (seconds) => (!Number.isFinite(seconds) ? "–" : seconds < 6 ? "just now" : seconds < 99 ? `${Math.floor(seconds)} s` : age(seconds)),
  ago: (seconds) => `${age(seconds)} ago`,
  value: {
    celsius: (degrees) => `${whole.format(degrees)} °C`, rate, mb, size, throttled, age,
    rates: (taken, looked) => [taken, looked].map((one) => (one === undefined ? "–" : tenth.format(one))).join(" · "),
    inference: ({ p50, p95 }) => `${whole.format(p50)} · ${whole.format(p95)} ms`,
    ms: (ms) => `${whole.format(ms)} ms`,
    dbm: (dbm) => `${whole.format(dbm)} dBm`,
    count: (count) => whole.format(count),
    share: (share) => `${whole.format(share * 100)} %`,
    kbit: (kbit) => `${whole.format(kbit)} kbit/s`,
    bytes: (bytes) => mb(bytes / 1e6),
  },

  detail: {
    back: "All devices",
    unknown: (id) => `Nobody called ${id} is known here`,
    unknownHint: "It may have been retired, or its name is another one.",
    tabs: { overview: "Overview", settings: "Settings", model: "Model" },
    tablist: "Parts of this page",
    diagnosis: "Diagnosis",
    first: "What is wrong",
    also: "Also",
    next: "What to do",
    well: "Everything works that can be seen from here.",
    health: "Health",
    healthHint: (minutes) => (minutes < 1 ? "Since this page was opened." : `The last ${minutes} min, since this page was opened.`),
    noHealth: "It has not told of its health since this web was started.",
    trend: (from, to) => `from ${from} to ${to}`,
    picture: "Picture",
    pictureOf: (name) => `What ${name} sees`,
    noPicture: "No picture has come yet.",
    pictureAge: (seconds) => `Taken ${age(seconds)} ago`,
    facts: "Facts",
    counters: "Counted",
    refused: "Not taken from it",
  },
  spark: {
    cpu_temp_c: ["Temperature", (x) => texts.value.celsius(x)], capture_fps: ["Camera", rate], detect_fps: ["Detection", rate],
    inference_ms: ["Inference, 95 %", (x) => texts.value.ms(x)], outbox: ["Waiting to be stored", (x) => texts.value.count(x)],
    lag: ["Lag of a live picture", (x) => texts.value.ms(x)], wifi: ["Wi-Fi", (x) => texts.value.dbm(x)], memory_free_mb: ["Memory free", mb],
    disk_free_mb: ["Disk free", mb], memory_mb: ["Memory of the program", mb], viewers: ["Pages open", (x) => texts.value.count(x)],
    rows: ["Stored since its start", (x) => texts.value.count(x)],
  },
  facts: {
    program: "Program", camera: "Camera", model: "Model", live: "Live picture", outbox: "On the way to the store", store: "Store", machine: "Machine",
    name: "Name on the wire", role: "Role", version: "Version", host: "Machine", started: "Started", uptime: "Runs for",
    first: "First seen", last: "Last seen", status: "Last words",
    source: "Source", image: "Size", asked: "Asked for", captured: "Taken", skipped: "Skipped for a newer one",
    lastFrame: "Last picture", sameFrame: "The same picture for", holder: "Held by another program",
    modelName: "Name", runtime: "Runs on", why: "Why so", labels: "Finds", sha: "Digest", looked: "Looked at", detectShare: "May work",
    lastDetect: "Last looked",
    liveRate: "Sends", quality: "Quality", limited: "Held back by", linkRate: "Link carries", lag: "Lag", published: "Sent",
    depth: "Waiting", oldest: "Oldest", bytes: "On its disk", confirmed: "Confirmed", dropped: "Given up",
    pictures: "Pictures given up", rejected: "Rejected",
    kind: "Kind", error: "Error", commit: "Last stored", rows: "Stored", images: "Pictures", dead: "Could not be stored",
    orphans: "Pictures that wait", viewers: "Pages open",
    temperature: "Temperature", memory: "Memory free", ownMemory: "Memory of the program", disk: "Disk free", throttled: "Slowed down",
    clock: "Clock", wifi: "Wi-Fi",
  },
  said: { online: "online", offline: "goodbye", none: "none" },
  limited: { link: "the link", none: "nothing" },
  clocks: { synced: "set", unsynced: "not set: times may be wrong" },
  wifi: ({ interface: name, signal_dbm: dbm }) => `${whole.format(dbm)} dBm on ${name}`,
  of: (part, all) => `${part} of ${all}`,
  seen: (at) => longTime(at),

  actions: {
    rename: "Rename",
    newName: "Name for people",
    newNameHint: (id) => `Empty: it is called ${id} again.`,
    save: "Save",
    cancel: "Cancel",
    snapshot: "Take a picture",
    taking: "Asking for a picture …",
    taken: "A new picture came.",
    noNewPicture: "It answered, but no new picture came. Does its camera work?",
    savePicture: "Save the picture",
    restart: "Restart",
    restartTitle: (name) => `Restart ${name}?`,
    restartText: "It stops looking for some seconds. What it found and has not stored yet lies on its disk and is kept.",
    restartAsked: (s) => `Asked to restart, ${s} s ago …`,
    restartGone: (s) => `It has ended and starts anew, ${s} s …`,
    restartBack: (s) => `It is back, after ${s} s.`,
    restartLost: (s) => `It has not come back within ${s} s. Its diagnosis says what can be seen.`,
    retire: "Retire",
    retireTitle: (name) => `Retire ${name}?`,
    retireText: "It is no longer listed, and what the broker keeps of it is cleared. Its defects and their pictures stay. " +
      "If it speaks again, it comes back: its account still opens the broker until somebody revokes it.",
    retireOnline: "It runs, and would be back at once. End it on its machine first, then retire it.",
    retired: (name) => `${name} is retired.`,
  },

  settings: {
    reading: "Asking for its settings …",
    mayNot: "An admin can change these.",
    save: "Send changes",
    forget: "Undo",
    resetAll: "Take all changes back",
    resetAllTitle: (name) => `Take back all changes of ${name}?`,
    resetAllText: "What stands in its own settings file counts again.",
    none: "Nothing is changed here.",
    changes: (count) => (count === 1 ? "1 change is not sent yet." : `${count} changes are not sent yet.`),
    groups: { camera: "Camera", detection: "Detection", sending: "Pictures", other: "Other" },
    changed: "changed from the page",
    reset: "Back to its file",
    asking: "Asking it …",
    inForce: "In force.",
    back: "Its own file counts again.",
    probation: (left) => `On probation: it watches camera and detector with it for some seconds, at most ${left} s.`,
    kept: "It works, and stays.",
    takenBack: (why) => `Taken back: ${why}.`,
    refusedAs: (what) => `${what.replace(/^Value error, /, "").replace(/^./, (letter) => letter.toUpperCase())}. Nothing was changed.`,
    offline: "It is away and cannot be asked to change anything.",
    last: (names, why, time) => `Last taken back, ${time}: ${names}; ${why}.`,
    labels: {
      image_wh: "Picture size", camera_fps: "Camera rate", camera_exposure_us: "Exposure", camera_gain: "Gain",
      camera_white_balance: "White balance", camera_focus: "Focus", detect_fps: "Detection rate", score_threshold: "Least score",
      label_thresholds: "Least score by type", labels_off: "Types that do not matter", region: "Region", live_fps: "Live rate",
      live_quality: "Live quality", evidence_quality: "Evidence quality", frame_meta: "Frame metadata as JSON", model: "Model",
    },
    grouped: {
      image_wh: "camera", camera_fps: "camera", camera_exposure_us: "camera", camera_gain: "camera", camera_white_balance: "camera",
      camera_focus: "camera", detect_fps: "detection", score_threshold: "detection", label_thresholds: "detection",
      labels_off: "detection", region: "detection", live_fps: "sending", live_quality: "sending", evidence_quality: "sending", frame_meta: "sending",
    },
    need: {
      number: "A number is needed.", whole: "A whole number is needed.",
      least: (least) => `At least ${tenth.format(least)}.`, most: (most) => `At most ${tenth.format(most)}.`,
    },
    units: { "1/s": "a second", times: "×" },
    from: (least, most) => `${tenth.format(least)} to ${tenth.format(most)}`,
    drawRegion: "Draw it on the live picture",
    regionAll: "All of the picture",
    onOff: { true: "On", false: "Off" },
    asModel: "as the model says",
  },

  model: {
    inForce: "In force",
    none: "It has no model yet.",
    there: "Models of this server",
    empty: "There is none yet. On the server, `glassline model publish best.json` adds one.",
    columns: { name: "Name", size: "Size", published: "Published", state: "", action: "" },
    current: "in force",
    kept: "lies on the device",
    send: "Send",
    use: "Use",
    sendName: (name) => `Send ${name}`,
    own: "Back to its own model",
    asking: "Asking it …",
    fetching: (name, done, all) => `Fetching ${name}: ${mb(done / 1e6)} of ${mb(all / 1e6)}`,
    checking: (name) => `Checking ${name} …`,
    failed: (name, why) => `${name} did not come: ${why}`,
    probation: (left) => `On probation: it looks whether detection works with it, at most ${left} s more.`,
    stays: "It works, and stays.",
    takenBack: (why) => `Taken back: ${why}.`,
  },
};
