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
      camera: "Camera", model: "Model", detection: "Detection", temperature: "Temperature", wifi: "Wi-Fi",
      outbox: "Waiting to be stored",
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
    signal: (dbm) => `${dbm} dBm`,
    givenUp: (outbox) => [[outbox?.pictures_dropped, "pictures"], [outbox?.dropped, "detections"]]
      .filter(([count]) => count).map(([count, what]) => `${count} ${what}`).join(", "),
    waitingRows: (count) => (count === 1 ? "1 detection" : `${count} detections`),
  },
};
