"use strict";
// Columns: base64 of deflated varints of zigzagged differences, restarted at each track.

/** @typedef {{order: number, scale: number, z: string, absent?: string, values?: string[]}} Column */

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
function fromBase64(text) {
  const raw = atob(text);
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

/** @param {string} text @returns {Promise<Uint8Array>} */
async function inflated(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** All varints of the bytes, unzigzagged. @param {Uint8Array} from @returns {Float64Array} */
function varints(from) {
  let n = 0;
  for (let i = 0; i < from.length; i++) if (from[i] < 128) n++;
  const out = new Float64Array(n);
  let at = 0;
  for (let k = 0; k < n; k++) {
    let b = from[at++];
    let value = b & 127;
    let unit = 128;
    while (b > 127) {
      b = from[at++];
      value += (b & 127) * unit;
      unit *= 128;
    }
    out[k] = value % 2 ? -(value + 1) / 2 : value / 2;
  }
  return out;
}

/**
 * The values of a column: NaN where absent (-1 for indices into `values`).
 * @template {Float64Array | Float32Array | Int32Array} T
 * @param {Column} column @param {T} out one place a row @param {Int32Array} starts first row of each group, and the end
 * @returns {Promise<T>}
 */
async function decoded(column, out, starts) {
  const code = varints(await inflated(column.z));
  const runs = column.absent ? varints(await inflated(column.absent)) : null;
  const { order, scale } = column;
  const nothing = out instanceof Int32Array ? -1 : NaN;
  let at = 0;
  let run = 0;
  let left = runs ? runs[0] : Infinity;
  let present = true;
  for (let group = 0; group + 1 < starts.length; group++) {
    let value = 0;
    let slope = 0;
    let seen = 0;
    for (let row = starts[group]; row < starts[group + 1]; row++) {
      while (left === 0 && runs) {
        present = !present;
        run++;
        left = run < runs.length ? runs[run] : Infinity;
      }
      left--;
      if (!present) {
        out[row] = nothing;
        continue;
      }
      const d = code[at++];
      if (order === 0 || seen === 0) value = d;
      else if (order === 1 || seen === 1) value += slope = d;
      else value += slope += d;
      seen++;
      out[row] = value * scale;
    }
  }
  return out;
}
