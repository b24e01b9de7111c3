"use strict";
// Symbols drawn once and stamped many times.

/** A dart at a place, pointing along a course. @param {CanvasRenderingContext2D} to */
function dart(
  to,
  /** @type {number} */ x,
  /** @type {number} */ y,
  /** @type {number} */ course,
  /** @type {number} */ size,
) {
  const [s, c] = [Math.sin(course * RADIAN) * size, Math.cos(course * RADIAN) * size];
  to.moveTo(x + 7 * s, y - 7 * c);
  to.lineTo(x + 4.5 * c - 6 * s, y + 4.5 * s + 6 * c);
  to.lineTo(x - 3 * s, y + 3 * c);
  to.lineTo(x - 4.5 * c - 6 * s, y - 4.5 * s + 6 * c);
  to.closePath();
}

/** Symbols drawn once and stamped many times: paths of thousands are far slower. A dart has 72 courses. */
class Sprites {
  /** @param {string} kind @param {string} colour @param {number} size @param {number} ratio */
  constructor(kind, colour, size, ratio) {
    this.cell = 24;
    this.ratio = ratio;
    const many = kind === "round" ? 2 : kind === "ghost" ? 1 : 72;
    this.sheet = document.createElement("canvas");
    this.sheet.width = many * this.cell * ratio;
    this.sheet.height = this.cell * ratio;
    const to = /** @type {CanvasRenderingContext2D} */ (this.sheet.getContext("2d"));
    to.scale(ratio, ratio);
    to.lineJoin = "round";
    for (let i = 0; i < many; i++) {
      const x = (i + 0.5) * this.cell;
      const y = this.cell / 2;
      to.beginPath();
      if (many < 72) to.arc(x, y, 3, 0, 7);
      else dart(to, x, y, i * 5, size);
      if (kind === "ghost") {
        to.globalAlpha = 0.6;
        to.strokeStyle = colour;
        to.lineWidth = 1.5;
        to.stroke();
        continue;
      }
      to.strokeStyle = ink.halo;
      to.lineWidth = 4.5 * size;
      to.stroke();
      to.fillStyle = kind === "hollow" || (kind === "round" && i === 0) ? ink.land : colour;
      to.fill();
      if (kind !== "dart") {
        to.strokeStyle = colour;
        to.lineWidth = 1.5;
        to.stroke();
      }
    }
  }

  /** @param {CanvasRenderingContext2D} to @param {number} x @param {number} y @param {number} i */
  put(to, x, y, i) {
    const { cell, ratio } = this;
    to.drawImage(this.sheet, i * cell * ratio, 0, cell * ratio, cell * ratio, x - cell / 2, y - cell / 2, cell, cell);
  }
}

/** @type {Map<string, Sprites>} */
const sheets = new Map();

/** @param {string} kind @param {string} colour @param {number} size */
function sprites(kind, colour, size) {
  const ratio = Math.max(1, Math.min(3, app.ratio));
  const key = [kind, colour, size, ratio, ink.halo].join(" ");
  let made = sheets.get(key);
  if (!made) {
    if (sheets.size > 60) sheets.clear();
    made = new Sprites(kind, colour, size, ratio);
    sheets.set(key, made);
  }
  return made;
}

/** A colour as a word of an image. @param {string} colour "#rrggbb" */
function packed(colour) {
  const n = parseInt(colour.slice(1), 16) || 0;
  return (0xff000000 | ((n & 255) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}
