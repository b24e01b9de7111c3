"use strict";
// The timeline: how many tracks there are, which of them the other side has late, and what begins and ends.

/** @typedef {{t: number, k: number}} Mark */

class Timeline {
  /** @param {(t: number) => void} seek @param {(k: number) => void} select */
  constructor(seek, select) {
    this.seek = seek;
    this.select = select;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.cursor = h("div", { class: "cursor", "aria-hidden": "true" });
    this.tip = h("div", { class: "tip", hidden: true });
    this.slider = h("input", { type: "range", id: "time", min: 0, max: duration, step: "any", "aria-label": "Time" });
    this.root = h("div", { class: "lanes" }, this.canvas, this.slider, this.cursor, this.tip);
    /** @type {{name: string, short: string, colour: string, up: boolean, marks: Mark[]}[]} */
    this.lanes = [];
    this.bins = 1200;
    this.total = new Int32Array(this.bins);
    this.late = new Int32Array(this.bins);
    this.lateName = "";
    /** @type {Picture | null} */
    this.pic = null;
    this.left = 100;
    this.right = 24;
    this.listen();
  }

  /** @param {Picture} a @param {Picture | null} b @param {Relation | null} rel */
  prepare(a, b, rel) {
    this.pic = a;
    const { bins } = this;
    const width = duration / (bins - 1) || 1;
    const sum = (/** @type {(row: number) => boolean} */ keep) => {
      const delta = new Int32Array(bins + 1);
      for (let k = 0; k < a.tracks; k++) {
        for (let i = a.start[k]; i < a.start[k + 1]; i++) {
          if (!keep(i)) continue;
          const more = i + 1 < a.start[k + 1] && a.time[i + 1] - a.time[i] <= a.gap;
          const end = more ? a.time[i + 1] : a.time[i] + a.step / 2;
          delta[Math.min(bins, Math.ceil(a.time[i] / width))]++;
          delta[Math.min(bins, Math.ceil(end / width))]--;
        }
      }
      const out = new Int32Array(bins);
      for (let s = 0, n = 0; s < bins; s++) out[s] = n += delta[s];
      return out;
    };
    this.total = sum(() => true);
    const reduced = (/** @type {number} */ i) => (rel && b ? rel.toB[i] >= 0 && b.reduced(rel.toB[i]) : a.reduced(i));
    const hasLate = (b ?? a).delays.some((d, at) => d > 0 || (b ?? a).cells[at] > 0);
    this.late = hasLate ? sum(reduced) : new Int32Array(bins);
    this.lateName = hasLate ? (b ? `late at ${b.partner}` : "coarse or late") : "";
    const [confirmed, lost, learns] = /** @type {Mark[][]} */ ([[], [], []]);
    for (let k = 0; k < a.tracks; k++) {
      const [from, to] = [a.start[k], a.start[k + 1]];
      for (let i = from; i < to; i++) {
        if (!a.status || a.status[i] === a.confirmed) {
          confirmed.push({ t: a.time[i], k });
          break;
        }
      }
      if (a.last[k] < duration - 1.5 * a.step) lost.push({ t: a.last[k], k });
      if (!rel || !b) continue;
      for (let i = from; i < to; i++) {
        const j = rel.toB[i];
        if (j < 0) continue;
        const when = b.time[j] + b.delay(j);
        if (when - a.time[from] > 1.5 * a.step) learns.push({ t: Math.min(when, duration), k });
        break;
      }
    }
    this.lanes = [
      { name: "confirmed", short: "confirmed", colour: "ink2", up: true, marks: confirmed },
      { name: "lost", short: "lost", colour: "ink3", up: false, marks: lost },
    ];
    if (learns.length && b && b !== a) {
      this.lanes.push({ name: `${b.partner} learns late`, short: "late at B", colour: "B", up: true, marks: learns });
    }
    for (const lane of this.lanes) lane.marks.sort((x, y) => x.t - y.t);
    this.draw();
  }

  /** The time nearest to another at which there are tracks. @param {number} t */
  busy(t) {
    const middle = Math.round((t / (duration || 1)) * (this.bins - 1));
    for (let off = 0; off < this.bins; off++) {
      for (const bin of [middle - off, middle + off])
        if (this.total[bin] > 0) return off ? (bin / (this.bins - 1)) * duration : t;
    }
    return t;
  }

  /** @param {number} t */
  at(t) {
    return this.left + (t / (duration || 1)) * (this.width - this.left - this.right);
  }

  get width() {
    return this.root.clientWidth || 600;
  }

  draw() {
    const em = textScale();
    const [width, height] = [this.width, this.root.clientHeight || 100];
    const narrow = width < 520;
    this.right = (narrow ? 14 : 26) * em;
    const ratio = Math.min(2, devicePixelRatio || 1) * (document.documentElement.dataset.print ? 2 : 1);
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const to = this.canvas.getContext("2d");
    to.scale(ratio, ratio);
    to.clearRect(0, 0, width, height);
    if (!this.pic || !this.pic.n) return;
    to.font = font(11);
    let most = 1;
    for (const n of this.total) most = Math.max(most, n);
    const names = [
      narrow ? `max ${count(most)}` : `tracks, most ${count(most)}`,
      ...this.lanes.map((l) => (narrow ? l.short : l.name)),
      narrow && this.lateName ? "late" : this.lateName,
    ];
    this.left = Math.ceil(Math.max(...names.map((name) => to.measureText(name).width)) + 10 * em);
    this.slider.style.left = `${this.left - 8}px`;
    this.slider.style.right = `${this.right - 8}px`;
    const axis = 18 * em;
    const laneHeight = 12.5 * em;
    const lanesTop = height - axis - 4 - this.lanes.length * laneHeight;
    const top = 8;
    const base = lanesTop - 5 * em;
    const area = (/** @type {Int32Array} */ values, /** @type {string} */ colour) => {
      to.beginPath();
      to.moveTo(this.at(0), base);
      const span = this.width - this.left - this.right;
      for (let s = 0; s < this.bins; s++)
        to.lineTo(this.left + (s / (this.bins - 1)) * span, base - (values[s] / most) * (base - top));
      to.lineTo(this.at(duration), base);
      to.closePath();
      to.fillStyle = colour;
      to.fill();
    };
    area(this.total, ink.rule2);
    if (this.lateName) {
      to.globalAlpha = 0.42;
      area(this.late, isOperator ? ink.B : ink.coarse);
      to.globalAlpha = 1;
    }
    to.textAlign = "right";
    to.textBaseline = "middle";
    const label = (/** @type {string} */ text, /** @type {number} */ y, /** @type {string} */ colour) => {
      to.fillStyle = colour;
      to.fillText(text, this.left - 8 * em, y);
    };
    const middle = (top + base) / 2;
    label(names[0], middle - (this.lateName ? 7 * em : 0), ink.ink2);
    if (this.lateName) label(names[names.length - 1], middle + 7 * em, isOperator ? ink.B : ink.ink2);
    to.strokeStyle = ink.rule;
    to.lineWidth = 1;
    this.lanes.forEach((lane, l) => {
      const y = lanesTop + l * laneHeight;
      label(names[l + 1], y + laneHeight / 2, lane.colour === "B" ? ink.B : ink.ink2);
      to.beginPath();
      let before = -10;
      for (const mark of lane.marks) {
        const x = this.at(mark.t);
        if (x - before < 0.75) continue;
        before = x;
        to.moveTo(x, y + 1.5);
        to.lineTo(x, y + laneHeight - 1.5);
      }
      to.strokeStyle = ink[lane.colour];
      to.lineWidth = 1;
      to.globalAlpha = 0.85;
      to.stroke();
      to.globalAlpha = 1;
    });
    const steps = [
      0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800,
      432000, 864000, 2592000, 8640000,
    ];
    const room = (narrow ? 58 : 76) * em;
    const step = steps.find((s) => this.at(s) - this.at(0) >= room) ?? duration;
    const zero = ((epoch / 1e6) % step) * (isLocal && Math.abs(epoch) > 1e14 ? 0 : 1);
    to.textBaseline = "alphabetic";
    to.textAlign = "center";
    to.fillStyle = ink.ink2;
    to.strokeStyle = ink.rule2;
    to.beginPath();
    for (let t = Math.ceil(zero / step) * step - zero; t <= duration + step * 1e-6; t += step) {
      const x = Math.round(this.at(t)) + 0.5;
      to.moveTo(x, height - axis);
      to.lineTo(x, height - axis + 4);
      let text = step >= 86400 ? dayText(t) : clockText(t);
      if (!isLocal && step >= 60 && step < 86400) text = text.slice(0, 5);
      if (isLocal && step >= 1) text = text.replace(/\.0$/, "");
      const half = to.measureText(text).width / 2;
      to.fillText(text, Math.min(width - half - 1, x), height - 3 * em);
    }
    to.stroke();
    this.point(this.last ?? 0);
  }

  /** Moves the cursor. @param {number} t */
  point(t) {
    this.last = t;
    this.cursor.style.transform = `translateX(${this.at(t)}px)`;
  }

  listen() {
    const root = this.root;
    const timeAt = (/** @type {PointerEvent} */ e) => {
      const x = e.clientX - root.getBoundingClientRect().left;
      return Math.max(0, Math.min(duration, ((x - this.left) / (this.width - this.left - this.right)) * duration));
    };
    const near = (/** @type {PointerEvent} */ e) => {
      const box = root.getBoundingClientRect();
      const [x, y] = [e.clientX - box.left, e.clientY - box.top];
      const em = textScale();
      const top = box.height - 18 * em - 4 - this.lanes.length * 12.5 * em;
      const lane = this.lanes[Math.floor((y - top) / (12.5 * em))];
      if (!lane) return null;
      const marks = lane.marks.filter((m) => Math.abs(this.at(m.t) - x) < 4);
      marks.sort((m, n) => Math.abs(this.at(m.t) - x) - Math.abs(this.at(n.t) - x));
      return marks.length ? { lane, marks } : null;
    };
    let dragging = false;
    let moved = 0;
    root.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => {
      if (!duration || e.button) return;
      dragging = true;
      moved = 0;
      root.setPointerCapture(e.pointerId);
      this.slider.focus({ preventScroll: true });
      if (!near(e)) this.seek(timeAt(e));
    });
    root.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => {
      if (dragging) {
        moved += Math.abs(e.movementX);
        if (moved > 3) this.seek(timeAt(e));
      }
      const found = near(e);
      const x = e.clientX - root.getBoundingClientRect().left;
      if (x < this.left || !duration) {
        this.tip.hidden = true;
        return;
      }
      const t = timeAt(e);
      const n = this.total[Math.round((t / duration) * (this.bins - 1))];
      fill(
        this.tip,
        h("b", null, clockText(t)),
        found
          ? ` ${found.lane.name}: ${found.marks
              .slice(0, 4)
              .map((m) => `#${m.k + 1}`)
              .join(", ")}${found.marks.length > 4 ? ` and ${found.marks.length - 4} more` : ""}`
          : ` ${counted(n, "track")}`,
      );
      this.tip.hidden = false;
      const half = this.tip.offsetWidth / 2;
      this.tip.style.left = `${Math.max(half, Math.min(this.width - half, x))}px`;
    });
    root.addEventListener("pointerup", (/** @type {PointerEvent} */ e) => {
      if (!dragging) return;
      dragging = false;
      const found = near(e);
      if (moved <= 3 && found) {
        this.seek(found.marks[0].t);
        this.select(found.marks[0].k);
      } else if (moved <= 3) this.seek(timeAt(e));
    });
    root.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }
}
