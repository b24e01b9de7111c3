"use strict";
// What lies under the tracks: land, water, borders and names, or a grid of kilometres; zones; sensors and coverage.

/** Colours of the theme in force, by token. @type {Record<string, string>} */
const ink = {};

function readInk() {
  const style = getComputedStyle(document.documentElement);
  const theme = document.documentElement.dataset.theme;
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const names =
    "bg panel ink ink2 ink3 rule rule2 land water border shore grid country zone both A B coarse none withheld " +
    "focus halo k0 k1 k2 k3 k4 k5 k6 k7";
  for (const name of names.split(" ")) {
    const pair = style.getPropertyValue(`--${name}`).match(/#[0-9a-f]+/gi) ?? [];
    ink[name] = pair[dark ? 1 : 0] ?? "";
  }
}

/** Pixels of the root's text, over 16. */
function textScale() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

const family = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** @param {number} size @param {number} [weight] */
function font(size, weight = 400) {
  return `${weight} ${size * textScale()}px ${family}`;
}

class Basemap {
  /** @param {any} data */
  constructor(data) {
    this.data = data;
    const path = (/** @type {number[][]} */ lines, /** @type {boolean} */ closed) => {
      const out = new Path2D();
      for (const line of lines ?? []) {
        let [x, y] = [line[0], line[1]];
        out.moveTo(this.x(x), this.y(y));
        for (let i = 2; i + 1 < line.length; i += 2) {
          x += line[i];
          y += line[i + 1];
          out.lineTo(this.x(x), this.y(y));
        }
        if (closed) out.closePath();
      }
      return out;
    };
    this.land = path(data.land, true);
    this.lakes = path(data.lakes, true);
    this.borders = path(data.borders, false);
  }

  /** @param {number} q */
  x(q) {
    return (q * this.data.scale - view.origin[0]) * RADIAN * EARTH;
  }

  /** @param {number} q */
  y(q) {
    return view.worldY(q * this.data.scale);
  }

  /** @param {CanvasRenderingContext2D} to @param {(x: number) => void} each */
  copies(to, each) {
    const turn = 2 * Math.PI * EARTH;
    const [left, right] = [view.cx - view.width / 2 / view.scale, view.cx + view.width / 2 / view.scale];
    const zero = -view.origin[0] * RADIAN * EARTH;
    for (let k = -2; k <= 2; k++) {
      const x = k * turn;
      if (zero + x + turn / 2 >= left && zero + x - turn / 2 <= right) {
        to.save();
        each(x);
        to.restore();
      }
    }
  }

  /** @param {CanvasRenderingContext2D} to @param {number} ratio */
  draw(to, ratio) {
    to.fillStyle = ink.water;
    to.fillRect(0, 0, view.width, view.height);
    const { scale, cx, cy, width, height } = view;
    this.copies(to, (x) => {
      to.setTransform(
        ratio * scale,
        0,
        0,
        ratio * scale,
        ratio * ((x - cx) * scale + width / 2),
        ratio * (-cy * scale + height / 2),
      );
      to.lineWidth = 1 / scale;
      to.lineJoin = "round";
      to.fillStyle = ink.land;
      to.fill(this.land, "evenodd");
      to.strokeStyle = ink.shore;
      to.stroke(this.land);
      to.strokeStyle = ink.border;
      to.stroke(this.borders);
      to.fillStyle = ink.water;
      to.fill(this.lakes, "evenodd");
      to.strokeStyle = ink.shore;
      to.stroke(this.lakes);
    });
  }

  /** @param {CanvasRenderingContext2D} to */
  names(to) {
    to.font = font(11, 500);
    to.textAlign = "center";
    to.textBaseline = "middle";
    to.fillStyle = ink.country;
    to.strokeStyle = ink.land;
    to.lineWidth = 3;
    to.lineJoin = "round";
    const span = view.width / view.scale / 1000;
    /** @type {number[][]} */
    const taken = [];
    if ("letterSpacing" in to) to.letterSpacing = `${1.6 * textScale()}px`;
    for (const [name, lon, lat, rank] of this.data.names ?? []) {
      if (rank > 2 + Math.log2(40000 / Math.max(span, 1))) continue;
      const x = view.screenX(view.worldX(lon));
      const y = view.screenY(view.worldY(lat));
      const text = name.toUpperCase();
      const half = to.measureText(text).width / 2 + 6;
      if (
        x < half ||
        y < 20 ||
        (app.b && y < 76 && Math.abs(x - app.swipe * view.width) < 220) ||
        x > view.width - half ||
        y > view.height - 20
      )
        continue;
      if (taken.some(([u, v, w]) => Math.abs(u - x) < w + half && Math.abs(v - y) < 18)) continue;
      taken.push([x, y, half]);
      to.strokeText(text, x, y);
      to.fillText(text, x, y);
    }
    if ("letterSpacing" in to) to.letterSpacing = "0px";
  }
}

/** The step of 1, 2 or 5 times a power of ten that is next above. @param {number} least */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((m) => m * power >= least) ?? 10);
}

/** @param {CanvasRenderingContext2D} to */
function drawGrid(to) {
  to.strokeStyle = ink.grid;
  to.lineWidth = 1;
  const [left, right] = [view.cx - view.width / 2 / view.scale, view.cx + view.width / 2 / view.scale];
  const [top, bottom] = [view.cy - view.height / 2 / view.scale, view.cy + view.height / 2 / view.scale];
  to.beginPath();
  const lineX = (/** @type {number} */ x) => {
    to.moveTo(Math.round(x) + 0.5, 0);
    to.lineTo(Math.round(x) + 0.5, view.height);
  };
  const lineY = (/** @type {number} */ y) => {
    to.moveTo(0, Math.round(y) + 0.5);
    to.lineTo(view.width, Math.round(y) + 0.5);
  };
  if (isLocal) {
    const step = niceStep(110 / view.scale);
    const unit = step >= 1000 ? 1000 : 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step / unit)));
    const [x0, x1, y0, y1] = [
      left + view.origin[0],
      right + view.origin[0],
      view.origin[1] - bottom,
      view.origin[1] - top,
    ];
    for (let x = Math.ceil(x0 / step) * step; x <= x1; x += step) lineX(view.screenX(view.worldX(x)));
    for (let y = Math.ceil(y0 / step) * step; y <= y1; y += step) lineY(view.screenY(view.worldY(y)));
    to.stroke();
    to.font = font(11);
    to.fillStyle = ink.ink3;
    to.textAlign = "center";
    to.textBaseline = "top";
    const text = (/** @type {number} */ v) => (v / unit).toFixed(digits).replace("-", "−");
    for (let x = Math.ceil(x0 / step) * step; x <= x1; x += step) {
      const at = view.screenX(view.worldX(x));
      if (at > 52 * textScale() && at < view.width - 20) to.fillText(text(x), at, 4);
    }
    to.textAlign = "left";
    to.textBaseline = "middle";
    for (let y = Math.ceil(y0 / step) * step; y <= y1; y += step) {
      const at = view.screenY(view.worldY(y));
      if (at > 24 && at < view.height - 12) to.fillText(text(y), 6, at - 8 * textScale());
    }
    to.textBaseline = "top";
    to.fillText(unit === 1000 ? "km" : "m", 6, 4);
    return;
  }
  const wanted = 150 / view.scale / EARTH / RADIAN;
  const step = [30, 20, 10, 5, 2, 1, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001].reduce(
    (best, s) => (s >= wanted ? s : best),
    30,
  );
  const lon = (/** @type {number} */ u) => u / EARTH / RADIAN + view.origin[0];
  for (let x = Math.ceil(lon(left) / step) * step; x <= lon(right); x += step) {
    lineX(view.screenX((x - view.origin[0]) * RADIAN * EARTH));
  }
  for (let y = Math.ceil(view.dataY(bottom) / step) * step; y <= view.dataY(top); y += step)
    lineY(view.screenY(view.worldY(y)));
  to.stroke();
}

/** Rings of a GeoJSON geometry. @param {any} geometry @returns {number[][][]} */
function rings(geometry) {
  if (geometry?.type === "Polygon") return geometry.coordinates;
  if (geometry?.type === "MultiPolygon") return geometry.coordinates.flat(1);
  return [];
}

/** A ring on the screen, not torn at the seam. @param {CanvasRenderingContext2D} to @param {number[][]} ring */
function traceRing(to, ring) {
  const turn = 2 * Math.PI * EARTH;
  let before = NaN;
  ring.forEach(([x, y], at) => {
    let u = view.worldX(x);
    if (!isLocal && at) u -= Math.round((u - before) / turn) * turn;
    before = u;
    if (at) to.lineTo(view.screenX(u), view.screenY(view.worldY(y)));
    else to.moveTo(view.screenX(u), view.screenY(view.worldY(y)));
  });
  to.closePath();
}

/** @param {CanvasRenderingContext2D} to @param {string} a @param {string} b partners at the sides */
function drawZones(to, a, b) {
  /** @type {number[][]} */
  const taken = [];
  for (const feature of doc.zones?.features ?? []) {
    /** @type {string[]} */
    const of = feature.properties?.partners ?? [];
    const mine =
      of.length === 1 && isOperator && a !== b
        ? of[0] === a
          ? ink.A
          : of[0] === b
            ? ink.B
            : null
        : isOperator
          ? null
          : ink.A;
    to.beginPath();
    for (const ring of rings(feature.geometry)) {
      traceRing(to, ring);
    }
    to.globalAlpha = mine ? 0.045 : 0.025;
    to.fillStyle = mine ?? ink.zone;
    to.fill("evenodd");
    to.globalAlpha = mine ? 0.75 : 0.8;
    to.strokeStyle = mine ?? ink.zone;
    to.lineWidth = 1.25;
    to.setLineDash([2, 4]);
    to.stroke();
    to.setLineDash([]);
    to.globalAlpha = 1;
    // The label: inside the upper corner at left, within the sight.
    let [lx, ly] = [Infinity, Infinity];
    for (const ring of rings(feature.geometry)) {
      for (const [x, y] of ring) {
        const [sx, sy] = [view.screenX(view.worldX(x)), view.screenY(view.worldY(y))];
        if (sx + 0.6 * sy < lx + 0.6 * ly) [lx, ly] = [sx, sy];
      }
    }
    const name = feature.properties?.name ?? "";
    to.font = font(11, 600);
    const wide = to.measureText(name).width;
    lx = Math.max(lx, 0) + 8;
    ly = Math.max(ly, isLocal ? 16 : 0) + 17 * textScale();
    if (lx + wide > view.width || ly > view.height) continue;
    if (taken.some(([x, y, w]) => lx < x + w && x < lx + wide && Math.abs(y - ly) < 14)) ly += 16 * textScale();
    taken.push([lx, ly, wide]);
    to.textAlign = "left";
    to.textBaseline = "alphabetic";
    to.strokeStyle = ink.land;
    to.lineWidth = 3;
    to.lineJoin = "round";
    to.strokeText(name, lx, ly);
    to.fillStyle = mine ?? ink.zone;
    to.fillText(name, lx, ly);
  }
}

/** @param {CanvasRenderingContext2D} to */
function drawSensors(to) {
  to.font = font(11);
  to.textBaseline = "middle";
  to.textAlign = "left";
  for (const sensor of doc.sensors ?? []) {
    const c = sensor.coverage ?? {};
    const xs = c.longitude_deg ?? c.x_m;
    const ys = c.latitude_deg ?? c.y_m;
    to.strokeStyle = ink.zone;
    to.lineWidth = 1;
    let label = null;
    if (xs && ys) {
      const [x0, x1] = [view.screenX(view.worldX(xs[0])), view.screenX(view.worldX(xs[1]))];
      const [y0, y1] = [view.screenY(view.worldY(ys[1])), view.screenY(view.worldY(ys[0]))];
      to.strokeRect(x0 + 0.5, y0 + 0.5, x1 - x0, y1 - y0);
      to.globalAlpha = 0.04;
      to.fillStyle = ink.zone;
      to.fillRect(x0, y0, x1 - x0, y1 - y0);
      to.globalAlpha = 1;
      label = [Math.max(6, x0 + 6), Math.max(12, y0 + 12)];
    }
    if (sensor.position) {
      const [u, v] = [view.worldX(sensor.position[0]), view.worldY(sensor.position[1])];
      const [x, y] = [view.screenX(u), view.screenY(v)];
      if (sensor.range_m) {
        to.beginPath();
        to.arc(x, y, (sensor.range_m / view.metresPerUnit(v)) * view.scale, 0, 7);
        to.stroke();
      }
      to.beginPath();
      to.moveTo(x, y - 6);
      to.lineTo(x + 5.5, y + 4);
      to.lineTo(x - 5.5, y + 4);
      to.closePath();
      to.fillStyle = ink.ink2;
      to.fill();
      label = [x + 9, y];
    }
    if (label && label[0] < view.width && label[1] < view.height) {
      to.strokeStyle = ink.land;
      to.lineWidth = 3;
      to.strokeText(sensor.name, label[0], label[1]);
      to.fillStyle = ink.ink2;
      to.fillText(sensor.name, label[0], label[1]);
    }
  }
}

/** The scale under the map. @returns {{text: string, width: number}} */
function scaleBar() {
  const metre = view.metresPerUnit(view.cy) / view.scale;
  const length = niceStep(60 * metre);
  const nautical = length / 1852;
  const main = length >= 1000 ? `${plain(length / 1000)}${NB}km` : `${plain(length)}${NB}m`;
  return { text: isLocal || nautical < 0.1 ? main : `${main} · ${plain(nautical, 2)}${NB}NM`, width: length / metre };
}
