// Every English text of the page.

const trimmed = (number) => String(Number(number.toFixed(1)));

const REFUSED = {
  too_often: "sent too often", too_large: "too large", denied: "denied by the broker", too_many: "beyond what can be shown",
};

export const texts = {
  hops: {
    camera: "Camera", detector: "Detector", node: "Node", broker: "Broker", bridge: "Bridge", store: "Store", web: "Web", you: "You",
  },
  states: { ok: "works", degraded: "partly works", failed: "broken", unknown: "not known" },
  chain: {
    title: "From lens to eye",
    remedy: "What to do",
    also: (count) => (count === 1 ? "One more thing is wrong" : `${count} more things are wrong`),
  },
  you: {
    well: "The picture arrives here.",
    stalled: (age) => `The web sends, but nothing has arrived here for ${age}.`,
    stalledRemedy: "Reload the page. If it comes again, check this device's network; a proxy on the way must let " +
      "WebSocket through (path /live).",
    unknown: "Cannot be told while no picture comes.",
    offline: "This device has no network.",
    offlineRemedy: "Connect it again; the page goes on by itself.",
  },
  web: {
    down: (address) => `The web does not answer at ${address}.`,
    downRemedy: "On the server, `systemctl status web` shows whether it runs and `python -m web` starts it. This page " +
      "tries again by itself.",
    behind: "Cannot be seen while the web does not answer.",
    connecting: "Connecting.",
  },
  devices: {
    label: "Cameras",
    none: "No camera yet",
    noPicture: "No picture yet",
    online: "online",
    offline: "offline",
  },
  stage: {
    label: "Live picture",
    live: "LIVE",
    notLive: "NOT LIVE",
    age: (age) => `${age} old`,
    boxes: "Boxes",
    fps: (fps) => `${fps} fps`,
    size: (width, height) => `${width} × ${height}`,
    waiting: "No picture yet",
    waitingHint: "It appears here as soon as the camera sends one.",
    noDevices: "No camera has reported yet",
    noDevicesHint: "Start a node with this server's broker address, like " +
      "`python -m pi_node --broker mqtt://SERVER:1883`, and it appears here by itself.",
    why: "Why",
    facts: {
      camera: "Camera", model: "Model", detection: "Detection", temperature: "Temperature", outbox: "Waiting to be stored",
      givenUp: "Given up, no room", version: "Version", refused: "Not taken", letGo: "Slow pages",
    },
    slowLink: ({ fps, quality, image_wh: size }) =>
      [`Slow link: ${trimmed(fps)} fps`, `quality ${quality}`, size ? `${size[0]} × ${size[1]}` : null]
        .filter(Boolean).join(", "),
    refused: (counts) => Object.entries(counts).sort(([, a], [, b]) => b - a)
      .map(([why, count]) => `${count} ${REFUSED[why] ?? "damaged"}`).join(", "),
    letGo: (count) => `${count} let go, too slow to take pictures`,
    inference: (ms) => `${ms} ms a picture`,
    celsius: (degrees) => `${degrees} °C`,
    givenUp: (outbox) => [[outbox?.pictures_dropped, "pictures"], [outbox?.dropped, "detections"]]
      .filter(([count]) => count).map(([count, what]) => `${count} ${what}`).join(", "),
    waitingRows: (count) => (count === 1 ? "1 detection" : `${count} detections`),
  },
  defects: {
    title: "Defects",
    filters: { "": "All", pending: "Pending", reviewed: "Reviewed", resolved: "Resolved" },
    filter: "Show defects by status",
    empty: "No defects yet",
    emptyHint: "What the cameras find appears here at once.",
    emptyFilter: "None with this status",
    more: "Show more",
    notStored: "not stored yet",
    refused: "refused by the store",
    noImage: "no picture",
    down: "The list cannot be read",
    retry: "Try again",
    score: (score) => `${Math.round(score * 100)} %`,
    open: (label, device, time) => `${label} on ${device}, ${time}`,
  },
  status: { pending: "Pending", reviewed: "Reviewed", resolved: "Resolved" },
  detail: {
    close: "Close",
    evidence: (label) => `Evidence of ${label}`,
    boxes: "Boxes",
    facts: {
      status: "Status", note: "Note",
      confidence: "Confidence", time: "Seen", clock: "Clock", last: "Last seen", frames: "Confirmed over", device: "Camera",
      model: "Model", stored: "Stored", reviewed: "Reviewed", id: "Event",
    },
    frames: (count) => (count === 1 ? "1 frame" : `${count} frames`),
    by: (time, who) => `${time} by ${who}`,
    unsynced: "The camera's clock was not set: times may be those of the receipt.",
    note: "Note",
    noteHint: "What did you see, or do?",
    save: "Save",
    saving: "Saving…",
    saved: "Saved",
    status: "Status",
    conflict: "Somebody else changed this defect meanwhile. What stands there now is shown; save again to replace it.",
    notStored: "This find is not stored yet. It can be reviewed as soon as it is.",
    noImage: "The picture is not stored yet.",
  },
  session: {
    title: "Sign in to Glassline",
    name: "Name",
    password: "Password",
    signIn: "Sign in",
    signOut: "Sign out",
    stillIn: "Still signed in: try again",
    ended: "Your session has ended. Sign in to go on; what you were writing is kept.",
    roles: { viewer: "Viewer", reviewer: "Reviewer", admin: "Admin" },
  },
  errors: {
    unreachable: "The web does not answer.",
    noHint: "",
  },
};
