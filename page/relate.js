"use strict";
// Which row of one picture is which row of another: by the track's id where one lane made both pictures, else by
// place and time. Two rows at one time belong together if they lie nearer than their uncertainty and cells allow, the
// nearest first.

/** @typedef {{a: Picture, b: Picture, toB: Int32Array, toA: Int32Array, how: string}} Relation */

/** @type {Map<string, Promise<Relation>>} */
const relations = new Map();

/** @param {Picture} a @param {Picture} b @returns {Promise<Relation>} */
function relation(a, b) {
  const key = `${a.number} ${b.number}`;
  let found = relations.get(key);
  if (!found) {
    found = relate(a, b);
    relations.set(key, found);
  }
  return found;
}

/** @param {Picture} a @param {Picture} b @returns {Promise<Relation>} */
async function relate(a, b) {
  await Promise.all([a.ready(), b.ready()]);
  const made = { a, b, toB: new Int32Array(a.n).fill(-1), toA: new Int32Array(b.n).fill(-1), how: "the same track" };
  if (a === b) {
    for (let i = 0; i < a.n; i++) made.toB[i] = made.toA[i] = i;
  } else if (a.lane >= 0 && a.lane === b.lane) {
    joinById(made);
  } else {
    made.how = "the nearest at the same time";
    await joinByPlace(made);
  }
  return made;
}

/** @param {Relation} made */
function joinById({ a, b, toB, toA }) {
  const near = Math.min(a.step, b.step) / 2;
  for (let k = 0; k < a.tracks; k++) {
    const m = b.find(a.ids[k]);
    if (m < 0) continue;
    let j = b.start[m];
    const end = b.start[m + 1];
    for (let i = a.start[k]; i < a.start[k + 1]; i++) {
      while (j < end && b.time[j] < a.time[i] - near) j++;
      if (j < end && b.time[j] <= a.time[i] + near && toA[j] < 0) {
        toB[i] = j;
        toA[j] = i;
      }
    }
  }
}

/** Rows by scan. @param {Picture} p @param {number} step @param {number} scans */
function byScan(p, step, scans) {
  const starts = new Int32Array(scans + 1);
  const scan = (/** @type {number} */ i) => Math.max(0, Math.min(scans - 1, Math.round(p.time[i] / step)));
  for (let i = 0; i < p.n; i++) starts[scan(i) + 1]++;
  for (let s = 0; s < scans; s++) starts[s + 1] += starts[s];
  const next = starts.slice();
  const list = new Int32Array(p.n);
  for (let i = 0; i < p.n; i++) list[next[scan(i)]++] = i;
  return { starts, list };
}

/** Give the browser a turn. */
function turn() {
  return new Promise((done) => setTimeout(done, 0));
}

/** @param {Relation} made */
async function joinByPlace({ a, b, toB, toA }) {
  if (!a.n || !b.n) return;
  const step = Math.min(a.step, b.step);
  const scans = Math.min(4e6, Math.ceil(duration / step) + 2);
  const [inA, inB] = [byScan(a, step, scans), byScan(b, step, scans)];
  const reach = (/** @type {Picture} */ p, /** @type {number} */ i) =>
    4 * (Number.isFinite(p.majorAt(i)) ? p.majorAt(i) : p.cell(i) ? 0 : view.metre * 50) + 0.75 * p.cell(i);
  let until = performance.now() + 12;
  for (let s = 0; s < scans; s++) {
    const [a0, a1, b0, b1] = [inA.starts[s], inA.starts[s + 1], inB.starts[s], inB.starts[s + 1]];
    if (a0 === a1 || b0 === b1) continue;
    if (performance.now() > until) {
      await turn();
      until = performance.now() + 12;
    }
    let most = 0;
    for (let q = b0; q < b1; q++) most = Math.max(most, reach(b, inB.list[q]));
    // A grid of cells as wide as the widest reach, in world units.
    const grid = new Map();
    let wide = most;
    for (let p = a0; p < a1; p++) wide = Math.max(wide, reach(a, inA.list[p]));
    const cell = Math.max(2 * wide * view.stretch, 1e-6);
    const key = (/** @type {number} */ x, /** @type {number} */ y) => x * 67108864 + y;
    for (let q = b0; q < b1; q++) {
      const j = inB.list[q];
      const name = key(Math.floor(b.x[j] / cell), Math.floor(b.y[j] / cell));
      const list = grid.get(name);
      if (list) list.push(j);
      else grid.set(name, [j]);
    }
    /** @type {[number, number, number][]} */
    const pairs = [];
    for (let p = a0; p < a1; p++) {
      const i = inA.list[p];
      const [cx, cy] = [Math.floor(a.x[i] / cell), Math.floor(a.y[i] / cell)];
      const metre = view.metresPerUnit(a.y[i]);
      for (let dx = -1; dx <= 1; dx++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (const j of grid.get(key(cx + dx, cy + dy)) ?? []) {
            const d = Math.hypot(a.x[i] - b.x[j], a.y[i] - b.y[j]) * metre;
            if (d <= Math.hypot(reach(a, i), reach(b, j))) pairs.push([d, i, j]);
          }
        }
      }
    }
    pairs.sort((u, v) => u[0] - v[0]);
    for (const [, i, j] of pairs) {
      if (toB[i] < 0 && toA[j] < 0) {
        toB[i] = j;
        toA[j] = i;
      }
    }
  }
}
