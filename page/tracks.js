"use strict";
// Tracks on the map: what of a picture is alive at a moment, and how it is drawn. Shape says how fine a row is, hue who
// sees it (or what the reader chose); a row's mark is its class, plus HOLLOW where one side has it coarse or late.

const HOLLOW = 16;
const SYMBOLS = 4000;
const POINTS = 100000;
const SEGMENTS = 8000;
const ELLIPSES = 500;
const CHI = Math.sqrt(5.991464547);

/** What is alive of a picture at a moment, on the screen. */
class Alive {
  constructor() {
    this.n = 0;
    this.size = 0;
    this.track = new Int32Array(0);
    this.row = new Int32Array(0);
    this.x = new Float32Array(0);
    this.y = new Float32Array(0);
    this.grow(1024);
    /** Counts by mark. */
    this.counts = new Int32Array(32);
    this.reduced = 0;
    /** Of them, those whose level is not known. */
    this.untold = 0;
    this.late = 0;
  }

  /** @param {number} size */
  grow(size) {
    const { track, row, x, y } = this;
    this.track = new Int32Array(size);
    this.row = new Int32Array(size);
    this.x = new Float32Array(size);
    this.y = new Float32Array(size);
    this.track.set(track);
    this.row.set(row);
    this.x.set(x);
    this.y.set(y);
    this.size = size;
  }

  /** @param {Side} side @param {number} t @param {boolean} knew */
  collect(side, t, knew) {
    const { pic, marks } = side;
    this.n = 0;
    this.counts.fill(0);
    this.reduced = this.untold = this.late = 0;
    if (!pic.isOpen || !pic.bins || !pic.tracks) return;
    knew &&= pic.isLate;
    const { time, x, y, first, last, step, gap } = pic;
    const bin = Math.max(0, Math.min(pic.bins.n - 1, Math.floor(t / pic.bins.width)));
    const [from, to] = [pic.bins.starts[bin], pic.bins.starts[bin + 1]];
    const { cx, cy, scale, width, height } = view;
    const torn = isLocal ? Infinity : Math.PI * EARTH;
    for (let at = from; at < to; at++) {
      const k = pic.bins.list[at];
      if (t < first[k]) continue;
      if (!knew && t > last[k] + step) continue;
      const row = knew ? pic.rowKnown(k, t) : pic.rowAt(k, t);
      if (row < 0) continue;
      const now = knew ? t - pic.delay(row) : t;
      const next = row + 1 < pic.start[k + 1] && time[row + 1] - time[row] <= gap ? row + 1 : -1;
      if (next < 0 ? now - time[row] > step : now > time[next] + step) continue;
      let [u, v] = [x[row], y[row]];
      if (next >= 0 && now > time[row] && pic.cell(row) === 0 && pic.cell(next) === 0 && Math.abs(x[next] - u) < torn) {
        const part = Math.min(1, (now - time[row]) / (time[next] - time[row]));
        u += (x[next] - u) * part;
        v += (y[next] - v) * part;
      }
      if (this.n === this.size) this.grow(this.size * 2);
      const i = this.n++;
      this.track[i] = k;
      this.row[i] = row;
      this.x[i] = (u - cx) * scale + width / 2;
      this.y[i] = (v - cy) * scale + height / 2;
      this.counts[marks ? marks[row] : 0]++;
      if (pic.reduced(row)) this.reduced++;
      else if (pic.levelAt(row) === UNKNOWN) this.untold++;
    }
  }
}

/** A side of the map: a picture, and what colour its rows have. */
class Side {
  /** @param {Picture} pic @param {string} letter */
  constructor(pic, letter) {
    this.pic = pic;
    this.letter = letter;
    /** @type {Uint8Array | null} */
    this.marks = null;
    this.alive = new Alive();
    /** Those in sight. @type {number[]} */
    this.seen = [];
    /** Does a row's counterpart exist on the other side? @type {Int32Array | null} */
    this.twins = null;
  }
}

/** What the map says when it does not draw everything. @type {Set<string>} */
const thinned = new Set();

class TrackLayer {
  constructor() {
    /** @type {ImageData | null} */
    this.buffer = null;
    this.words = new Uint32Array(0);
    /** @type {{dot: (x: number, y: number, paint: number, size: number) => void, ratio: number} | null} */
    this.plot = null;
    this.pointed = 0;
    this.every = 1;
    this.ellipses = 0;
    /** @type {any} */
    this.sheet = null;
  }

  /** Which tracks of a side are in sight. @param {Side} side @param {number} left @param {number} right */
  look(side, left, right) {
    const { alive } = side;
    const margin = 60;
    side.seen = [];
    if (right <= left) return;
    for (let i = 0; i < alive.n; i++) {
      const [x, y] = [alive.x[i], alive.y[i]];
      if (x > left - margin && x < right + margin && y > -margin && y < view.height + margin) side.seen.push(i);
    }
  }

  /** How long tails may be, and of how many tracks, so that frames stay fluid. @param {Side[]} sides */
  plan(sides) {
    const step = sides[0]?.pic.step ?? 1;
    const whole = 24 * step;
    const segments = (/** @type {number} */ length) => {
      let n = 0;
      for (const { pic, alive, seen } of sides)
        for (const i of seen) n += Math.min(alive.row[i] - pic.start[alive.track[i]] + 1, length / pic.step);
      return n;
    };
    if (sides.reduce((n, { seen }) => n + seen.length, 0) > 5 * SYMBOLS) {
      thinned.add("tails left out");
      return { length: 0, every: 1 };
    }
    const n = segments(whole);
    if (n <= SEGMENTS) return { length: whole, every: 1 };
    const length = Math.max(4 * step, (whole * SEGMENTS) / n);
    const every = Math.max(1, Math.ceil(segments(length) / SEGMENTS));
    thinned.add(
      every > 1 ? `tails of 1 in ${count(every)} tracks, ${seconds(length)}` : `tails cut to ${seconds(length)}`,
    );
    return { length, every };
  }

  /**
   * @param {CanvasRenderingContext2D} to @param {Side} side @param {number} t
   * @param {number} left @param {number} right the part of the map that is this side's
   * @param {any} options layers, clock, dim
   * @param {string[]} colours by class
   */
  draw(to, side, t, left, right, options, colours) {
    const { pic, seen } = side;
    if (!pic.isOpen || right <= left) return;
    to.save();
    to.beginPath();
    to.rect(left, 0, right - left, view.height);
    to.clip();
    if (options.tail.length) this.tails(to, side, t, seen, options, colours);
    if (seen.length > SYMBOLS) this.points(to, side, seen, left, right, colours);
    else this.symbols(to, side, seen, options, colours);
    to.restore();
  }

  /** @param {CanvasRenderingContext2D} to @param {Side} side @param {number} t @param {number[]} seen
   * @param {any} options @param {string[]} colours */
  tails(to, side, t, seen, options, colours) {
    const { pic, alive, marks } = side;
    const { time, x, y, gap } = pic;
    const { length, every } = options.tail;
    const { cx, cy, scale, width, height } = view;
    const [ox, oy] = [width / 2 - cx * scale, height / 2 - cy * scale];
    const torn = isLocal ? Infinity : Math.PI * EARTH;
    /** @type {Map<number, number[]>} */
    const groups = new Map();
    for (let at = 0; at < seen.length; at += every) {
      const i = seen[at];
      const k = alive.track[i];
      const first = pic.start[k];
      let row = alive.row[i];
      const now = options.knew ? t - pic.delay(row) : t;
      const kind = (marks ? marks[row] : 0) & 15;
      let [px, py, pu] = [alive.x[i], alive.y[i], x[row]];
      while (row >= first && time[row] > now - length) {
        const age = Math.min(3, Math.max(0, Math.floor((4 * (now - time[row])) / length)));
        const [sx, sy] = [x[row] * scale + ox, y[row] * scale + oy];
        if (Math.abs(x[row] - pu) < torn) {
          const key = kind * 4 + age;
          const list = groups.get(key);
          if (list) list.push(px, py, sx, sy);
          else groups.set(key, [px, py, sx, sy]);
        }
        [px, py, pu] = [sx, sy, x[row]];
        if (row > first && time[row] - time[row - 1] > gap) break;
        row--;
      }
    }
    to.lineCap = "butt";
    for (const [key, list] of groups) {
      to.strokeStyle = colours[key >> 2];
      to.globalAlpha = [0.72, 0.46, 0.26, 0.12][key & 3];
      to.lineWidth = options.who && key >> 2 ? 2 : 1.5;
      to.beginPath();
      for (let q = 0; q < list.length; q += 4) {
        to.moveTo(list[q], list[q + 1]);
        to.lineTo(list[q + 2], list[q + 3]);
      }
      to.stroke();
    }
    to.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} to @param {Side} side @param {number[]} seen
   * @param {any} options @param {string[]} colours */
  symbols(to, side, seen, options, colours) {
    const { pic, alive, marks } = side;
    /** @type {Map<number, number[]>} */
    const groups = new Map();
    for (const i of seen) {
      const mark = marks ? marks[alive.row[i]] : 0;
      const list = groups.get(mark);
      if (list) list.push(i);
      else groups.set(mark, [i]);
    }
    const size = seen.length > 1200 ? 0.75 : 1;
    const metre = 1 / view.metresPerUnit(view.cy);
    for (const [mark, list] of groups) {
      const colour = colours[mark & 15];
      const hollow = (mark & HOLLOW) !== 0;
      const leaders = new Path2D();
      const ellipses = new Path2D();
      if (options.leaders || options.ellipses) {
        for (const i of list) this.extent(pic, alive, i, metre, options, leaders, ellipses);
        to.strokeStyle = to.fillStyle = colour;
        to.lineWidth = 1;
        to.globalAlpha = 0.8;
        to.stroke(leaders);
        to.globalAlpha = 0.7;
        to.stroke(ellipses);
        to.globalAlpha = 1;
      }
      const darts = sprites(hollow ? "hollow" : "dart", colour, size);
      const rounds = sprites("round", colour, size);
      to.strokeStyle = to.fillStyle = colour;
      to.lineWidth = 1.5;
      for (const i of list) {
        const row = alive.row[i];
        const [x, y] = [alive.x[i], alive.y[i]];
        const cell = pic.cell(row);
        if (cell > 0) {
          const half = Math.max(4, (cell * metre * view.scale) / 2);
          to.globalAlpha = 0.1;
          to.fillRect(x - half, y - half, 2 * half, 2 * half);
          to.globalAlpha = 1;
          to.strokeRect(x - half, y - half, 2 * half, 2 * half);
          to.fillRect(x - 1.5, y - 1.5, 3, 3);
          continue;
        }
        const confirmed = !pic.status || pic.status[row] === pic.confirmed;
        if (confirmed && pic.speedAt(row) > 0) darts.put(to, x, y, Math.round(pic.courseAt(row) / 5) % 72);
        else rounds.put(to, x, y, confirmed ? 1 : 0);
      }
    }
  }

  /** Where an exact track will be, and where it may be. @param {Picture} pic @param {Alive} alive @param {number} i
   * @param {number} metre @param {any} options @param {Path2D} leaders @param {Path2D} ellipses */
  extent(pic, alive, i, metre, options, leaders, ellipses) {
    const row = alive.row[i];
    if (pic.cell(row) > 0) return;
    const [x, y] = [alive.x[i], alive.y[i]];
    const speed = pic.speedAt(row);
    if (options.leaders && speed > 0 && (!pic.status || pic.status[row] === pic.confirmed)) {
      const reach = speed * 6 * pic.step * metre * view.scale;
      if (reach > 9 && reach < 2000) {
        const [s, c] = [Math.sin(pic.courseAt(row) * RADIAN), Math.cos(pic.courseAt(row) * RADIAN)];
        leaders.moveTo(x + 8 * s, y - 8 * c);
        leaders.lineTo(x + reach * s, y - reach * c);
      }
    }
    if (!options.ellipses) return;
    if (this.ellipses >= ELLIPSES) {
      thinned.add(`${ELLIPSES} ellipses drawn: zoom in for all`);
      return;
    }
    const a = pic.majorAt(row) * CHI * metre * view.scale;
    const b = (options.minor?.get(pic)?.[row] ?? pic.majorAt(row)) * CHI * metre * view.scale;
    const turn = ((options.angle?.get(pic)?.[row] ?? 0) - 90) * RADIAN;
    if (a >= 4 && a < 4000) {
      this.ellipses++;
      ellipses.moveTo(x + a * Math.cos(turn), y + a * Math.sin(turn));
      ellipses.ellipse(x, y, a, b, turn, 0, 2 * Math.PI);
    }
  }

  /** Too many for symbols: two or three pixels each, through an image.
   * @param {CanvasRenderingContext2D} to @param {Side} side @param {number[]} seen
   * @param {number} left @param {number} right @param {string[]} colours */
  points(to, side, seen, left, right, colours) {
    const { alive, marks } = side;
    const every = Math.max(1, Math.ceil(seen.length / POINTS));
    this.pointed += seen.length;
    this.every = Math.max(this.every, every);
    this.plot ??= this.begin(to);
    const { plot } = this;
    const size = Math.round((seen.length > 20000 ? 2 : 3) * plot.ratio);
    const paints = colours.map(packed);
    for (let at = 0; at < seen.length; at += every) {
      const i = seen[at];
      if (alive.x[i] < left || alive.x[i] >= right) continue;
      plot.dot(alive.x[i], alive.y[i], paints[(marks ? marks[alive.row[i]] : 0) & 15], size);
    }
  }

  /** Lays down the points of this frame, of both sides at once. @param {CanvasRenderingContext2D} to */
  flush(to) {
    if (this.plot) this.end(to);
    this.plot = null;
    if (this.every > 1)
      thinned.add(`1 in ${this.every} of ${count(this.pointed)} tracks drawn, as points: zoom in for all`);
    else if (this.pointed) thinned.add(`${count(this.pointed)} tracks drawn as points: zoom in for symbols`);
    this.pointed = 0;
    this.every = 1;
    this.ellipses = 0;
  }

  /** An empty image of the canvas's size. @param {CanvasRenderingContext2D} to */
  begin(to) {
    const { width, height } = to.canvas;
    if (!this.buffer || this.buffer.width !== width || this.buffer.height !== height) {
      this.buffer = new ImageData(width, height);
      this.words = new Uint32Array(this.buffer.data.buffer);
      this.sheet = h("canvas", { width, height });
    }
    const { words } = this;
    words.fill(0);
    const ratio = width / view.width;
    const dot = (
      /** @type {number} */ x,
      /** @type {number} */ y,
      /** @type {number} */ paint,
      /** @type {number} */ size,
    ) => {
      const x0 = Math.round(x * ratio) - (size >> 1);
      const y0 = Math.round(y * ratio) - (size >> 1);
      if (x0 < 0 || y0 < 0 || x0 + size > width || y0 + size > height) return;
      for (let v = y0; v < y0 + size; v++) for (let u = x0; u < x0 + size; u++) words[v * width + u] = paint;
    };
    return { dot, ratio };
  }

  /** @param {CanvasRenderingContext2D} to */
  end(to) {
    if (!this.buffer) return;
    this.sheet.getContext("2d").putImageData(this.buffer, 0, 0);
    to.drawImage(this.sheet, 0, 0, view.width, view.height);
  }

  /** Every row of a picture, whatever its time. Drawn when the view changes, not at each frame.
   * @param {CanvasRenderingContext2D} to @param {Side} side
   * @param {number} left @param {number} right @param {string[]} colours */
  rows(to, side, left, right, colours) {
    const { pic, marks } = side;
    if (!pic.isOpen || right <= left) return;
    const { cx, cy, scale, width, height } = view;
    let inside = 0;
    for (let i = 0; i < pic.n; i++) {
      const sx = (pic.x[i] - cx) * scale + width / 2;
      const sy = (pic.y[i] - cy) * scale + height / 2;
      if (sx >= left && sx < right && sy >= 0 && sy < height) inside++;
    }
    const every = Math.max(1, Math.ceil(inside / POINTS));
    if (every > 1) thinned.add(`1 in ${every} of ${count(inside)} points drawn: zoom in for all`);
    const plot = this.begin(to);
    const paints = colours.map(packed);
    const size = Math.max(1, Math.round(plot.ratio * (inside > 30000 ? 1 : 2)));
    let at = 0;
    for (let i = 0; i < pic.n; i++) {
      const sx = (pic.x[i] - cx) * scale + width / 2;
      const sy = (pic.y[i] - cy) * scale + height / 2;
      if (sx < left || sx >= right || sy < 0 || sy >= height) continue;
      if (at++ % every === 0) plot.dot(sx, sy, paints[(marks ? marks[i] : 0) & 15], size);
    }
    to.save();
    to.globalAlpha = 0.5;
    this.end(to);
    to.restore();
  }

  /** What this side does not see of the other.
   * @param {CanvasRenderingContext2D} to @param {Side} side @param {Side} other
   * @param {number} left @param {number} right @param {string} colour */
  ghosts(to, side, other, left, right, colour) {
    const { alive, twins } = other;
    const rounds = sprites("ghost", colour, 1);
    const many = alive.n > SYMBOLS / 4;
    if (many) this.plot ??= this.begin(to);
    const paint = ((packed(colour) & 0xffffff) | 0x99000000) >>> 0;
    for (let i = 0; i < alive.n; i++) {
      if (!twins || twins[alive.row[i]] >= 0) continue;
      const [x, y] = [alive.x[i], alive.y[i]];
      if (x < left || x >= right) continue;
      if (many && this.plot) this.plot.dot(x, y, paint, Math.round(3 * this.plot.ratio));
      else rounds.put(to, x, y, 0);
    }
  }

  /** The selected track: its path, its ring, its name. @param {CanvasRenderingContext2D} to @param {Side} side
   * @param {number} k @param {any} extra */
  selected(to, side, k, extra) {
    const { pic, alive } = side;
    const { scale, cx, cy, width, height } = view;
    const torn = isLocal ? Infinity : Math.PI * EARTH;
    const trace = (/** @type {any} */ xs, /** @type {any} */ ys) => {
      to.beginPath();
      let pen = false;
      for (let i = pic.start[k]; i < pic.start[k + 1]; i++) {
        if (Number.isNaN(xs[i])) continue;
        const far = i > pic.start[k] && (pic.time[i] - pic.time[i - 1] > pic.gap || Math.abs(xs[i] - xs[i - 1]) > torn);
        const [sx, sy] = [(xs[i] - cx) * scale + width / 2, (ys[i] - cy) * scale + height / 2];
        if (pen && !far) to.lineTo(sx, sy);
        else to.moveTo(sx, sy);
        pen = true;
      }
    };
    // As the filter had it, thin; over it the smoothed line, where a picture has both.
    const [fx, fy] = extra.filtered ?? [pic.x, pic.y];
    trace(fx, fy);
    if (extra.filtered) to.setLineDash([2, 3]);
    to.globalAlpha = extra.filtered ? 0.8 : 0.55;
    to.strokeStyle = ink.ink;
    to.lineWidth = 1.25;
    to.stroke();
    to.setLineDash([]);
    to.globalAlpha = 1;
    if (extra.filtered) {
      trace(pic.x, pic.y);
      to.strokeStyle = ink.k3;
      to.lineWidth = 2;
      to.stroke();
    }
    to.setLineDash([4, 4]);
    for (const [x0, y0, x1, y1] of extra.links ?? []) {
      to.beginPath();
      to.moveTo((x0 - cx) * scale + width / 2, (y0 - cy) * scale + height / 2);
      to.lineTo((x1 - cx) * scale + width / 2, (y1 - cy) * scale + height / 2);
      to.strokeStyle = ink.k3;
      to.lineWidth = 1.5;
      to.stroke();
    }
    to.setLineDash([]);
    for (let i = 0; i < alive.n; i++) {
      if (alive.track[i] !== k) continue;
      const row = alive.row[i];
      const [x, y] = [alive.x[i], alive.y[i]];
      const metre = (1 / view.metresPerUnit(view.cy)) * view.scale;
      if (pic.majorAt(row) > 0 && extra.minor && !pic.cell(row)) {
        const a = Math.max(4, pic.majorAt(row) * CHI * metre);
        const b = Math.max(4, extra.minor[row] * CHI * metre);
        to.beginPath();
        to.ellipse(x, y, a, b, ((extra.angle?.[row] ?? 0) - 90) * RADIAN, 0, 7);
        to.strokeStyle = ink.ink;
        to.lineWidth = 1;
        to.stroke();
      }
      const box = pic.cell(row) > 0 ? Math.max(14, (pic.cell(row) * metre) / 2 + 6) : 0;
      for (const [colour, wide] of /** @type {[string, number][]} */ ([
        [ink.halo, 5],
        [ink.ink, 2],
      ])) {
        to.beginPath();
        if (box) to.rect(x - box, y - box, 2 * box, 2 * box);
        else to.arc(x, y, 14, 0, 7);
        to.strokeStyle = colour;
        to.lineWidth = wide;
        to.stroke();
      }
      const lines = extra.label(row);
      to.font = font(12, 600);
      to.textBaseline = "alphabetic";
      const wide = Math.max(...lines.map((/** @type {string} */ line) => to.measureText(line).width));
      const right = x + 20 + wide < view.width;
      to.textAlign = right ? "left" : "right";
      lines.forEach((/** @type {string} */ line, /** @type {number} */ at) => {
        to.font = font(12, at ? 400 : 600);
        const [tx, ty] = [right ? x + 20 : x - 20, y - 4 + at * 15 * textScale()];
        to.lineWidth = 4;
        to.strokeStyle = ink.land;
        to.lineJoin = "round";
        to.strokeText(line, tx, ty);
        to.fillStyle = ink.ink;
        to.fillText(line, tx, ty);
      });
      return true;
    }
    return false;
  }
}
