// English texts of the page of live pictures.

import { texts as shared } from "./texts.js";

const trimmed = (number) => String(Number(number.toFixed(1)));

const REFUSED = {
  too_often: "sent too often", too_large: "too large", denied: "denied by the broker", too_many: "beyond what can be shown",
};

export const texts = {
  ...shared,
  stage: {
    label: "Live picture",
    live: "LIVE",
    notLive: "NOT LIVE",
    paused: "PAUSED",
    age: (age) => `${age} old`,
    missed: (count) => `${count} missed`,
    boxes: "Boxes",
    masks: "Masks",
    fps: (fps) => `${fps} fps`,
    size: (width, height) => `${width} × ${height}`,
    waiting: "No picture yet",
    waitingHint: "It appears here as soon as the camera sends one.",
    noDevices: "No camera has reported yet",
    noDevicesHint: "Start a node with this server's broker address, like " +
      "`python -m pi_node --broker mqtt://SERVER:1883`, and it appears here by itself.",
    slowLink: ({ fps, quality, image_wh: size }) =>
      [`Slow link: ${trimmed(fps)} fps`, `quality ${quality}`, size ? `${size[0]} × ${size[1]}` : null]
        .filter(Boolean).join(", "),
    facts: ({ info, health, refused }, letGo) => [
      ["Camera", info?.camera?.uri],
      ["Model", info?.model?.name],
      ["Detection", health?.inference_ms ? `${Math.round(health.inference_ms.p50)} ms a picture` : null],
      ["Temperature", health?.cpu_temp_c === undefined ? null : `${Math.round(health.cpu_temp_c)} °C`],
      ["Wi-Fi", health?.wifi ? `${Math.round(health.wifi.signal_dbm)} dBm` : null],
      ["Waiting to be stored", waitingRows(health?.outbox?.depth)],
      ["Given up, no room", givenUp(health?.outbox)],
      ["Version", info?.version],
      ["Not taken", notTaken(refused ?? {})],
      ["Slow pages", letGo ? `${letGo} let go, too slow to take pictures` : null],
    ],
  },
  controls: {
    label: "Live picture",
    pause: "Pause",
    goOn: "Go on with the newest picture",
    snapshot: "Snapshot",
    marked: "Snapshot with boxes",
    full: "Full screen",
    notFull: "Leave full screen",
    region: "Region that is looked at",
    grid: "All cameras",
    draws: { boxes: "Show or hide boxes", masks: "Show or hide masks" },
  },
  wall: {
    title: (count) => `${count} cameras`,
    large: "One large",
    keys: "Cameras",
    previous: "Previous camera",
    next: "Next camera",
    toggle: "All cameras, or one large",
  },
  region: {
    title: "Region that is looked at",
    hint: "Only marks whose centre lies inside count. Drag over the picture for a rectangle, drag a corner to move it, "
      + "the dot between two corners to add one. Keys: arrows move a corner, Delete removes it.",
    send: (id) => `Send to ${id}`,
    whole: "Whole picture",
    close: "Close",
    sending: (id) => `Asking ${id} …`,
    echo: (id, region) => (region ? `In force at ${id}: ${region.length} corners.` : `In force at ${id}: the whole picture.`),
    refused: (id, why) => `${id} does not take it: ${why}`,
    takenBack: (id, why) => `${id} has taken it back: ${why}`,
    changed: (id, region) => `${id} has another region by now: ${region ? `${region.length} corners` : "the whole picture"}.`,
    corner: (at, count, x, y) => `Corner ${at} of ${count}, ${Math.round(x * 100)} % from the left, ${Math.round(y * 100)} % from the top`,
    middle: (at) => `Add a corner behind corner ${at}`,
  },
  recent: {
    title: "Newest finds",
    all: "All defects",
    empty: "No defects yet",
    emptyHint: "What the cameras find appears here at once.",
    reading: "Reading",
    down: "The finds cannot be read",
    retry: "Try again",
    notStored: "not stored yet",
    refused: "refused by the store",
    score: (score) => `${Math.round(score * 100)} %`,
    open: (label, device, time) => `${label} on ${device}, ${time}`,
  },
};

function notTaken(counts) {
  return Object.entries(counts).sort(([, a], [, b]) => b - a).map(([why, count]) => `${count} ${REFUSED[why] ?? "damaged"}`).join(", ");
}

function givenUp(outbox) {
  return [[outbox?.pictures_dropped, "pictures"], [outbox?.dropped, "detections"]]
    .filter(([count]) => count).map(([count, what]) => `${count} ${what}`).join(", ");
}

function waitingRows(count) {
  return count ? (count === 1 ? "1 detection" : `${count} detections`) : null;
}
