"use strict";
// Where on the screen: world coordinates are metres about the data's middle, Mercator with north up, or the recording's
// own metres. `scale` is pixels a world unit.

const EARTH = 6378137;
const RADIAN = Math.PI / 180;

class View {
  constructor() {
    this.width = 800;
    this.height = 500;
    this.cx = 0;
    this.cy = 0;
    this.scale = 1e-3;
    this.least = 1e-9;
    this.most = 100;
    /** Longitude and latitude, or x and y, of the origin. */
    this.origin = [0, 0];
    this.originY = 0;
    /** The longitude at which the globe is cut open. */
    this.seam = -180;
    /** World units a metre is at most; rough length of nothing in particular in metres. */
    this.stretch = 1;
    this.metre = 1;
    this.version = 0;
    /** @type {{x0: number, y0: number, x1: number, y1: number} | null} */
    this.first = null;
    /** @type {{x0: number, y0: number, x1: number, y1: number} | null} */
    this.limits = null;
    this.box = { x0: -1e6, y0: -1e6, x1: 1e6, y1: 1e6 };
  }

  /** World x of a longitude or x. @param {number} x */
  worldX(x) {
    if (isLocal) return x - this.origin[0];
    const turned = ((((x - this.seam) % 360) + 360) % 360) + this.seam;
    return (turned - this.origin[0]) * RADIAN * EARTH;
  }

  /** @param {number} y */
  worldY(y) {
    if (isLocal) return this.origin[1] - y;
    return this.originY - mercator(y);
  }

  /** @param {number} u */
  dataX(u) {
    if (isLocal) return u + this.origin[0];
    return ((((u / EARTH / RADIAN + this.origin[0] + 180) % 360) + 360) % 360) - 180;
  }

  /** @param {number} v */
  dataY(v) {
    if (isLocal) return this.origin[1] - v;
    return Math.atan(Math.sinh((this.originY - v) / EARTH)) / RADIAN;
  }

  /** Metres on the ground a world unit at a world y. @param {number} v */
  metresPerUnit(v) {
    return isLocal ? 1 : 1 / Math.cosh((this.originY - v) / EARTH);
  }

  /** @param {number} u */
  screenX(u) {
    return (u - this.cx) * this.scale + this.width / 2;
  }

  /** @param {number} v */
  screenY(v) {
    return (v - this.cy) * this.scale + this.height / 2;
  }

  /** Chooses origin and seam from all positions. @param {Float64Array} xs @param {Float64Array} ys */
  anchor(xs, ys) {
    if (!isLocal && xs.length) {
      const used = new Uint8Array(360);
      for (const x of xs) used[((Math.floor(x) % 360) + 360) % 360] = 1;
      let best = 0;
      let start = 180;
      for (let from = 0; from < 360; from++) {
        if (used[from]) continue;
        let length = 0;
        while (length < 360 && !used[(from + length) % 360]) length++;
        if (length > best) [best, start] = [length, from];
      }
      this.seam = best > 1 ? start + best / 2 - 360 : -180;
      this.seam = ((((this.seam + 360) % 360) + 360) % 360) - 360;
    }
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const x of xs) {
      const at = isLocal ? x : ((((x - this.seam) % 360) + 360) % 360) + this.seam;
      x0 = Math.min(x0, at);
      x1 = Math.max(x1, at);
    }
    for (const y of ys) {
      y0 = Math.min(y0, y);
      y1 = Math.max(y1, y);
    }
    if (!xs.length) [x0, x1, y0, y1] = isLocal ? [-1000, 1000, -1000, 1000] : [-180, 180, -62, 78];
    if (!xs.length) this.seam = -180;
    this.origin = [(x0 + x1) / 2, (y0 + y1) / 2];
    this.originY = isLocal ? 0 : mercator(this.origin[1]);
    this.stretch = isLocal ? 1 : 1 / Math.cos(Math.min(85, Math.max(Math.abs(y0), Math.abs(y1))) * RADIAN);
    const half = isLocal ? (x1 - x0) / 2 : ((x1 - x0) / 2) * RADIAN * EARTH;
    this.box = { x0: -half, x1: half, y0: this.worldY(y1), y1: this.worldY(y0) };
    this.first = this.core(xs, ys);
    const size = Math.max(2 * half, this.box.y1 - this.box.y0, isLocal ? 1 : 200);
    this.metre = isLocal ? size / 1e4 : 1;
    this.most = 4000 / Math.min(size, 4000);
    this.setLimits();
  }

  /** The box of all but the outermost half percent to each side: where a first view looks.
   * @param {Float64Array} xs @param {Float64Array} ys */
  core(xs, ys) {
    if (xs.length < 200) return this.box;
    const stride = Math.max(1, Math.floor(xs.length / 20000));
    const sample = (/** @type {Float64Array} */ from, /** @type {(q: number) => number} */ to) => {
      const out = [];
      for (let i = 0; i < from.length; i += stride) out.push(to(from[i]));
      out.sort((a, b) => a - b);
      return [out[Math.floor(out.length * 0.005)], out[Math.floor(out.length * 0.995)]];
    };
    const [x0, x1] = sample(xs, (x) => this.worldX(x));
    const [y0, y1] = sample(ys, (y) => this.worldY(y));
    return { x0, x1, y0, y1 };
  }

  setLimits() {
    const bounds = doc.basemap?.bounds;
    if (bounds && !isLocal) {
      const wide = (bounds[2] - bounds[0]) * RADIAN * EARTH;
      const left = (bounds[0] - this.origin[0]) * RADIAN * EARTH;
      const turn = 2 * Math.PI * EARTH;
      const shift = Math.round(-(left + wide / 2) / turn) * turn;
      const whole = bounds[2] - bounds[0] >= 359;
      const x0 = whole ? (this.seam - this.origin[0]) * RADIAN * EARTH : left + shift;
      this.limits = {
        x0,
        x1: x0 + wide,
        y0: this.worldY(Math.min(85, bounds[3])),
        y1: this.worldY(Math.max(-85, bounds[1])),
      };
    } else {
      const { x0, x1, y0, y1 } = this.box;
      const margin = 3 * Math.max(x1 - x0, y1 - y0, 1);
      this.limits = { x0: x0 - margin, x1: x1 + margin, y0: y0 - margin, y1: y1 + margin };
    }
  }

  /** Puts a picture into world coordinates. @param {{x: Float64Array, y: Float64Array, n: number}} p */
  place(p) {
    for (let i = 0; i < p.n; i++) {
      p.x[i] = this.worldX(p.x[i]);
      p.y[i] = this.worldY(p.y[i]);
    }
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    this.width = width;
    this.height = height;
    const { x0, x1, y0, y1 } = this.limits ?? this.box;
    this.least = Math.max(width / (x1 - x0), height / (y1 - y0));
    this.changed();
  }

  /** All data in sight, but for outliers. */
  fit() {
    const { x0, x1, y0, y1 } = this.first ?? this.box;
    const pad = Math.min(32, this.width / 12);
    this.cx = (x0 + x1) / 2;
    this.cy = (y0 + y1) / 2;
    const least = isLocal ? this.metre * 10 : 2000 * this.stretch;
    const w = Math.max(x1 - x0, least);
    const hgt = Math.max(y1 - y0, least);
    this.scale = Math.min((this.width - 2 * pad) / w, (this.height - 2 * pad) / hgt);
    this.changed();
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(this.most, Math.max(this.least, this.scale * factor));
    const [u, v] = [this.cx + (x - this.width / 2) / this.scale, this.cy + (y - this.height / 2) / this.scale];
    this.cx = u - (x - this.width / 2) / scale;
    this.cy = v - (y - this.height / 2) / scale;
    this.scale = scale;
    this.changed();
  }

  /** @param {number} dx @param {number} dy pixels */
  pan(dx, dy) {
    this.cx -= dx / this.scale;
    this.cy -= dy / this.scale;
    this.changed();
  }

  changed() {
    this.scale = Math.min(Math.max(this.most, this.least), Math.max(this.least, this.scale));
    if (this.limits) {
      const { x0, x1, y0, y1 } = this.limits;
      const [hw, hh] = [this.width / 2 / this.scale, this.height / 2 / this.scale];
      this.cx = Math.min(Math.max(x0 + hw, x1 - hw), Math.max(Math.min(x0 + hw, x1 - hw), this.cx));
      this.cy = Math.min(Math.max(y0 + hh, y1 - hh), Math.max(Math.min(y0 + hh, y1 - hh), this.cy));
    }
    this.version++;
  }
}

/** Mercator's northing in metres. @param {number} latitude */
function mercator(latitude) {
  const bounded = Math.max(-85.05, Math.min(85.05, latitude));
  return EARTH * Math.asinh(Math.tan(bounded * RADIAN));
}

const view = new View();
