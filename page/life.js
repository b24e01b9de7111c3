"use strict";
// What else is known of a track: its stretches, who could act in them, and the object of the truth that it follows.

/** Stretches by lane and track. @type {Promise<Map<string, any[]>> | null} */
let stretchIndex = null;

/** @returns {Promise<Map<string, any[]>>} */
function stretches() {
  stretchIndex ??= (async () => {
    /** @type {Map<string, any[]>} */
    const found = new Map();
    if (!doc.stretches) return found;
    const rows = new Rows(doc.stretches);
    const [lane, track, holders, contributors, zones, status] = await Promise.all(
      ["lane", "track", "holders", "contributors", "zones", "status"].map((name) => rows.column(name)),
    );
    const [first, last] = [await rows.times("first"), await rows.times("last")];
    if (!lane || !track || !first || !last) return found;
    const word = (/** @type {any} */ column, /** @type {string} */ name, /** @type {number} */ i) =>
      column && column[i] >= 0 ? rows.words(name)[column[i]] : "";
    for (let i = 0; i < rows.n; i++) {
      const stretch = {
        first: first[i],
        last: last[i],
        holders: word(holders, "holders", i),
        contributors: word(contributors, "contributors", i),
        zones: word(zones, "zones", i),
        status: word(status, "status", i),
      };
      for (const partner of word(lane, "lane", i).split(", ")) {
        const key = `${partner} ${word(track, "track", i)}`;
        const list = found.get(key);
        if (list) list.push(stretch);
        else found.set(key, [stretch]);
      }
    }
    for (const list of found.values()) list.sort((a, b) => a.first - b.first);
    return found;
  })();
  return stretchIndex;
}

/** @type {Picture | null} */
let truthPicture = null;

/** @returns {Promise<Picture | null>} */
async function truth() {
  if (!doc.truth) return null;
  truthPicture ??= new Picture({ ...doc.truth, partner: "truth" });
  return truthPicture.ready();
}

/** The object of the truth that a track follows, and how far off each row is.
 * @param {Picture} pic @param {number} k @returns {Promise<{name: string, error: Float32Array} | null>} */
async function truthOf(pic, k) {
  const all = await truth();
  if (!all || !all.tracks) return null;
  const [from, to] = [pic.start[k], pic.start[k + 1]];
  const far = (/** @type {number} */ o, /** @type {number} */ i) => {
    const t = pic.time[i];
    const row = all.rowAt(o, t);
    if (row < 0 || t > all.last[o] + all.step) return Infinity;
    let [x, y] = [all.x[row], all.y[row]];
    const next = row + 1;
    if (next < all.start[o + 1] && all.time[next] - all.time[row] <= all.gap) {
      const part = (t - all.time[row]) / (all.time[next] - all.time[row]);
      x += (all.x[next] - x) * part;
      y += (all.y[next] - y) * part;
    }
    return Math.hypot(x - pic.x[i], y - pic.y[i]) * view.metresPerUnit(y);
  };
  /** @type {Map<number, number>} */
  const votes = new Map();
  const stride = Math.max(1, Math.floor((to - from) / 24));
  for (let i = from; i < to; i += stride) {
    let [best, which] = [Infinity, -1];
    for (let o = 0; o < all.tracks; o++) {
      const d = far(o, i);
      if (d < best) [best, which] = [d, o];
    }
    const reach = Math.max(20 * (pic.major?.[i] ?? 0), 2 * pic.cell(i), view.metre * 100);
    if (which >= 0 && best < reach) votes.set(which, (votes.get(which) ?? 0) + 1);
  }
  const object = [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
  if (object === undefined) return null;
  const error = new Float32Array(to - from);
  for (let i = from; i < to; i++) {
    const d = far(object, i);
    error[i - from] = Number.isFinite(d) ? d : NaN;
  }
  return { name: all.ids[object], error };
}
