"use strict";
// The document and its pictures: decoded when first wanted, a column at a time.

/**
 * @typedef {{rows: number, tracks?: {ids: string[], counts: Column}, columns: Record<string, Column>}} Table
 * @typedef {{name: string, delay_s: number, coarsen_m: number, omit: string[], rules?: string[],
 *   unknown?: boolean}} Level
 * @typedef {{rows: number, counts: Column, columns: Record<string, Column>}} TakenData
 * @typedef {Table & {partner: string, lane?: number, every?: number, levels?: Level[], links?: any[],
 *   associations?: TakenData, associations_left_out?: number,
 *   tracks: {ids: string[], counts: Column}}} PictureData
 */

/** @type {any} */
const doc = JSON.parse(byId("data").textContent ?? "{}");
const isOperator = doc.edition === "operator";
const isLocal = doc.frame === "local";
/** Times are seconds after this one (microseconds). */
const epoch = doc.span ? doc.span[0] : 0;
const duration = doc.span ? Math.max((doc.span[1] - doc.span[0]) / 1e6, 0.001) : 0;

/** @typedef {{time: Float64Array, detection: Float64Array, probability: Float32Array | null,
 *   innovation: Float32Array | null, measured: Float32Array | null}} Taken */

/** A table without pictures' needs: its columns by name. */
class Rows {
  /** @param {Table} data */
  constructor(data) {
    this.data = data;
    this.n = data.rows;
    this.ids = data.tracks ? data.tracks.ids : [];
    /** @type {Int32Array} */
    this.start = new Int32Array([0, this.n]);
    /** @type {Map<string, Promise<any>>} */
    this.wanted = new Map();
  }

  async open() {
    const { tracks } = this.data;
    if (!tracks) return;
    const n = tracks.ids.length;
    const counts = await decoded(tracks.counts, new Float64Array(n), new Int32Array([0, n]));
    this.start = new Int32Array(n + 1);
    for (let k = 0; k < n; k++) this.start[k + 1] = this.start[k] + counts[k];
  }

  /** @param {string} name */
  has(name) {
    return name in this.data.columns;
  }

  /** Words of a column of indices. @param {string} name @returns {string[]} */
  words(name) {
    return this.data.columns[name]?.values ?? [];
  }

  /** A column, or null where there is none. @param {string} name @returns {Promise<any>} */
  column(name) {
    let promise = this.wanted.get(name);
    if (!promise) {
      const column = this.data.columns[name];
      const out = column?.values
        ? new Int32Array(this.n)
        : /time|longitude|latitude|^x|^y|_x$|_y$|first|last|known|detection$/.test(name)
          ? new Float64Array(this.n)
          : new Float32Array(this.n);
      promise = column ? decoded(column, out, this.start) : Promise.resolve(null);
      this.wanted.set(name, promise);
    }
    return promise;
  }

  /** Times in seconds after the epoch. @param {string} name */
  async times(name) {
    const column = await this.column(name);
    if (!column) return null;
    const out = new Float64Array(this.n);
    for (let i = 0; i < this.n; i++) out[i] = (column[i] - epoch) / 1e6;
    return out;
  }
}

/** What stands for the level of a row that does not tell it. @type {Level} */
const UNKNOWN = { name: "", delay_s: 0, coarsen_m: 0, omit: [], unknown: true };

/** A partner's picture, ready to be drawn. */
class Picture extends Rows {
  /** @param {PictureData} data */
  constructor(data) {
    super(data);
    this.links = data.links ?? [];
    const { associations, tracks } = data;
    this.takenLeftOut = data.associations_left_out ?? 0;
    this.taken = associations
      ? new Rows({ ...associations, tracks: { ids: tracks.ids, counts: associations.counts } })
      : null;
    /** @type {Promise<void> | null} */
    this.takenOpening = null;
    this.partner = data.partner;
    this.lane = data.lane ?? -1;
    this.every = data.every ?? 1;
    /** @type {Level[]} */
    this.levels = data.levels ?? [];
    this.number = Picture.made++;
    /** @type {Promise<Picture> | null} */
    this.opening = null;
    this.isOpen = false;
    this.tracks = this.ids.length;
    /** @type {Map<string, number> | null} */
    this.index = null;
    // Filled when the picture is opened. Longitude and latitude, or metres, become world coordinates.
    this.time = new Float64Array(0);
    this.x = new Float64Array(0);
    this.y = new Float64Array(0);
    /** @type {Float64Array | null} */
    this.known = null;
    /** @type {Int32Array | null} */
    this.level = null;
    /** @type {Int32Array | null} */
    this.status = null;
    /** @type {Float32Array | null} */
    this.speed = null;
    /** @type {Float32Array | null} */
    this.course = null;
    /** @type {Float32Array | null} */
    this.major = null;
    this.confirmed = -1;
    /** @type {(Level | undefined)[]} */
    this.levelOf = [];
    this.delays = new Float64Array(1);
    this.cells = new Float64Array(1);
    /** @type {number[]} */
    this.delayed = [0];
    this.isLate = false;
    this.hint = new Int32Array(0);
    this.first = new Float64Array(0);
    this.last = new Float64Array(0);
    this.step = 1;
    this.gap = 3;
    this.bins = { starts: new Int32Array(2), list: new Int32Array(0), width: 1, n: 1 };
  }

  /** @returns {Promise<Picture>} */
  ready() {
    this.opening ??= this.decode();
    return this.opening;
  }

  async decode() {
    await this.open();
    const [time, x, y, status, speed, course, major, level, known] = await Promise.all([
      this.times("time"),
      this.column(isLocal ? "x" : "longitude"),
      this.column(isLocal ? "y" : "latitude"),
      ...["status", "speed", "course", "major", "level"].map((name) => this.column(name)),
      this.times("known_at"),
    ]);
    this.time = time ?? new Float64Array(0);
    this.x = x ?? new Float64Array(0);
    this.y = y ?? new Float64Array(0);
    this.status = status;
    this.confirmed = this.words("status").indexOf("confirmed");
    this.speed = speed;
    this.course = course;
    this.major = major;
    this.known = known;
    this.level = level;
    const names = this.words("level");
    // Without the column all rows are of the only level, or of none that is known.
    const only = this.levels.length > 1 ? UNKNOWN : this.levels[0];
    const of = names.length ? names.map((name) => this.levels.find((l) => l.name === name)) : [only];
    this.levelOf = of;
    this.delays = Float64Array.from(of, (l) => l?.delay_s ?? 0);
    this.cells = Float64Array.from(of, (l) => l?.coarsen_m ?? 0);
    this.delayed = [...new Set(this.delays)].sort((a, b) => a - b);
    this.isLate = this.delays.some((d) => d > 0) || known !== null;
    this.hint = new Int32Array(this.tracks).fill(-1);
    this.first = new Float64Array(this.tracks);
    this.last = new Float64Array(this.tracks);
    for (let k = 0; k < this.tracks; k++) {
      this.first[k] = this.time[this.start[k]];
      this.last[k] = this.time[this.start[k + 1] - 1];
    }
    this.step = this.usualStep();
    this.gap = 3.01 * this.step;
    view.place(this);
    this.bin();
    this.isOpen = true;
    return this;
  }

  /** The median time between rows of a track, of a sample. */
  usualStep() {
    const steps = [];
    const stride = Math.max(1, Math.floor(this.n / 4000));
    for (let k = 0; k < this.tracks; k++) {
      for (let i = this.start[k]; i + 1 < this.start[k + 1]; i++) {
        if (i % stride === 0) steps.push(this.time[i + 1] - this.time[i]);
      }
    }
    steps.sort((a, b) => a - b);
    return steps[steps.length >> 1] || duration / 100 || 1;
  }

  /** Tracks by stretches of time, so that a moment looks only at those that are near. */
  bin() {
    const bins = this.tracks > 500 ? 512 : 1;
    const slack = Math.max(0, ...this.delays) + 2 * this.step;
    const width = duration / bins || 1;
    const range = (/** @type {number} */ k) => [
      Math.max(0, Math.min(bins - 1, Math.floor(this.first[k] / width))),
      Math.max(0, Math.min(bins - 1, Math.floor((this.last[k] + slack) / width))),
    ];
    const starts = new Int32Array(bins + 1);
    for (let k = 0; k < this.tracks; k++) {
      const [a, b] = range(k);
      for (let bin = a; bin <= b; bin++) starts[bin + 1]++;
    }
    for (let bin = 0; bin < bins; bin++) starts[bin + 1] += starts[bin];
    const list = new Int32Array(starts[bins]);
    const next = starts.slice();
    for (let k = 0; k < this.tracks; k++) {
      const [a, b] = range(k);
      for (let bin = a; bin <= b; bin++) list[next[bin]++] = k;
    }
    this.bins = { starts, list, width, n: bins };
  }

  /** @param {number} row */
  cell(row) {
    return this.cells[this.level ? this.level[row] : 0] ?? 0;
  }

  /** @param {number} row */
  delay(row) {
    if (this.known) return this.known[row] - this.time[row];
    return this.delays[this.level ? this.level[row] : 0] ?? 0;
  }

  /** Is a row coarser or later than it could be? @param {number} row */
  reduced(row) {
    return this.cell(row) > 0 || this.delay(row) > 0;
  }

  /** Speed over ground, or NaN where it is not told. @param {number} row */
  speedAt(row) {
    return this.speed ? this.speed[row] : NaN;
  }

  /** @param {number} row */
  courseAt(row) {
    return this.course ? this.course[row] : NaN;
  }

  /** The longer half-axis of the 1 σ ellipse, in metres. @param {number} row */
  majorAt(row) {
    return this.major ? this.major[row] : NaN;
  }

  /** @param {number} row */
  levelAt(row) {
    return this.level && this.level[row] < 0 ? UNKNOWN : this.levelOf[this.level ? this.level[row] : 0];
  }

  /** The last row of a track at or before a time, or -1. @param {number} k @param {number} t */
  rowAt(k, t) {
    const { time } = this;
    const first = this.start[k];
    const end = this.start[k + 1] - 1;
    if (t < time[first]) return -1;
    let low = this.hint[k];
    if (low < first || low > end || time[low] > t) low = first;
    else if (low === end || time[low + 1] > t) return low;
    let high = end;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (time[middle] <= t) low = middle;
      else high = middle - 1;
    }
    this.hint[k] = low;
    return low;
  }

  /** The last row that the partner knew at a time. @param {number} k @param {number} t */
  rowKnown(k, t) {
    if (this.known) {
      let row = this.rowAt(k, t);
      while (row >= this.start[k] && this.known[row] > t) row--;
      return row >= this.start[k] ? row : -1;
    }
    let best = -1;
    for (const d of this.delayed) {
      const row = this.rowAt(k, t - d);
      if (row > best && this.delay(row) <= d) best = row;
    }
    return best;
  }

  /** The detections that a track took, in the order of time; null where that is not told. @param {number} k
   * @returns {Promise<Taken | null>} */
  async takenBy(k) {
    const { taken } = this;
    if (!taken) return null;
    this.takenOpening ??= taken.open();
    await this.takenOpening;
    const [from, to] = [taken.start[k], taken.start[k + 1]];
    const [time, ...others] = await Promise.all([
      taken.times("time"),
      ...["detection", "probability", "innovation", "measured"].map((name) => taken.column(name)),
    ]);
    const cut = (/** @type {any} */ column) => column?.subarray(from, to) ?? null;
    const [detection, probability, innovation, measured] = others.map(cut);
    return { time: cut(time) ?? new Float64Array(0), detection, probability, innovation, measured };
  }

  /** @param {string} id */
  find(id) {
    this.index ??= new Map(this.ids.map((name, k) => [name, k]));
    return this.index.get(id) ?? -1;
  }

  /** The track that a row is of. @param {number} row */
  trackOf(row) {
    let low = 0;
    let high = this.tracks - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.start[middle] <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
Picture.made = 0;

/** @type {Picture[]} */
const basePictures = (doc.pictures ?? []).map((/** @type {PictureData & {same_as?: string}} */ p) => {
  // Partners with the same rows and levels share them.
  const same = p.same_as && doc.pictures.find((/** @type {PictureData} */ q) => q.partner === p.same_as);
  return new Picture(same ? { ...same, ...p } : p);
});

/** A picture as it would be with a rule lifted; another lift may hold its rows.
 * @param {PictureData & {same_as?: {rule: string, partner: string}}} p */
function liftedPicture(p) {
  const same = p.same_as;
  const held =
    same &&
    doc.prices.lifts
      .find((/** @type {any} */ lift) => lift.rule === same.rule)
      .pictures.find((/** @type {PictureData} */ q) => q.partner === same.partner);
  return new Picture(held ? { ...held, ...p } : p);
}

/** Time of day, or seconds since the recording's epoch. @param {number} t @param {boolean} [fine] */
function clockText(t, fine) {
  const us = epoch + t * 1e6;
  if (!isLocal) {
    const text = new Date(us / 1000).toISOString();
    return fine ? text.slice(11, 21) : text.slice(11, 19);
  }
  const s = Math.abs(epoch) > 1e14 ? t : us / 1e6;
  const size = Math.abs(s);
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, "0");
  const tail = duration < 600 || fine ? (size % 60).toFixed(1).padStart(4, "0") : two(size % 60);
  const hours = Math.floor(size / 3600);
  return `${s < 0 ? "−" : ""}${hours ? hours + ":" : ""}${two((size / 60) % 60)}:${tail}`;
}

/** Day where a recording has days. @param {number} t */
function dayText(t) {
  if (isLocal) return "";
  return new Date((epoch + t * 1e6) / 1000).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
}

const clockName = isLocal ? (Math.abs(epoch) > 1e14 ? "since the first row" : "since the epoch") : "UTC";
