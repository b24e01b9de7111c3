"use strict";
// Detections of the last while.

/** Detections of the last while, fading. */
class DetectionLayer {
  /** @param {Table} data */
  constructor(data) {
    this.rows = new Rows(data);
    /** @type {Promise<void> | null} */
    this.opening = null;
    /** @type {Int32Array | null} */
    this.order = null;
    this.times = new Float64Array(0);
  }

  ready() {
    this.opening ??= this.open();
    return this.opening;
  }

  async open() {
    const { rows } = this;
    await rows.open();
    const time = (await rows.times("time")) ?? new Float64Array(0);
    this.x = await rows.column(isLocal ? "x" : "longitude");
    this.y = await rows.column(isLocal ? "y" : "latitude");
    view.place(/** @type {any} */ ({ x: this.x, y: this.y, n: rows.n }));
    this.order = new Int32Array(rows.n);
    for (let i = 0; i < rows.n; i++) this.order[i] = i;
    this.order.sort((a, b) => time[a] - time[b]);
    this.times = Float64Array.from(this.order, (i) => time[i]);
  }

  /** @param {CanvasRenderingContext2D} to @param {number} t @param {number} window seconds @param {TrackLayer} layer */
  draw(to, t, window, layer) {
    const { order, times } = this;
    if (!order) return;
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= t) low = middle + 1;
      else high = middle;
    }
    const { scale, cx, cy, width, height } = view;
    const plot = layer.begin(to);
    const size = Math.round(2 * plot.ratio);
    const colour = packed(ink.ink2) & 0xffffff;
    const paints = [0xe6, 0x8c, 0x4d].map((alpha) => (colour | (alpha << 24)) >>> 0);
    let drawn = 0;
    for (let at = low - 1; at >= 0 && times[at] > t - window && drawn < POINTS; at--, drawn++) {
      const i = order[at];
      plot.dot(
        (this.x[i] - cx) * scale + width / 2,
        (this.y[i] - cy) * scale + height / 2,
        paints[Math.floor((3 * (t - times[at])) / window)],
        size,
      );
    }
    if (drawn === POINTS) thinned.add(`the last ${count(POINTS)} detections drawn`);
    layer.end(to);
  }
}
