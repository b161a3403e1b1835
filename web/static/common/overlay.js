// What a model says of a picture, drawn over it: lines stay as thin at every zoom.

import { colour } from "./format.js";

const LINE = 2;
const FONT_PX = 12;
const PAD = 5;

// Boxes are xyxyn and outlines polygons in the same unit; `place` gives pixels of the canvas, `unit` is a CSS pixel there.
export function drawFinds(context, finds, place, { unit, boxes, masks }) {
  context.lineWidth = LINE * unit;
  context.font = `600 ${FONT_PX * unit}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const find of finds) {
    context.strokeStyle = context.fillStyle = colour(find.label);
    if (masks && find.mask) drawMask(context, find.mask.map(place));
    if (boxes) drawBox(context, find, place, unit);
  }
}

function drawMask(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.28;
  context.fill();
  context.globalAlpha = 1;
  context.stroke();
}

function drawBox(context, { label, score, xyxyn: [x0, y0, x1, y1] }, place, unit) {
  const [[left, top], [right, bottom]] = [place([x0, y0]), place([x1, y1])];
  context.strokeRect(left, top, right - left, bottom - top);
  const text = `${label} ${Math.round(score * 100)} %`;
  const [wide, high] = [context.measureText(text).width + 2 * PAD * unit, (FONT_PX + PAD) * unit];
  const x = Math.max(0, Math.min(left - context.lineWidth / 2, context.canvas.width - wide));
  const y = top >= high ? top - high : Math.max(0, top);
  context.fillRect(x, y, wide, high);
  context.fillStyle = "#10191d";
  context.fillText(text, x + PAD * unit, y + high / 2);
}
