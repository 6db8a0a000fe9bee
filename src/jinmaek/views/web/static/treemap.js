// Areas in proportion: squarified (Bruls, Huizing, van Wijk 2000), as plain numbers.

/** Places for `sizes` (each above 0, largest first) in a box: [{left, top, width, height}] in its units. */
export function squarify(sizes, box) {
  const places = [];
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  if (!whole) return places;
  const scale = (box.width * box.height) / whole;
  let { left, top, width, height } = box;
  let at = 0;
  while (at < sizes.length) {
    const side = Math.min(width, height);
    let count = 1;
    let worst = ratio(sizes.slice(at, at + 1), side, scale);
    while (at + count < sizes.length) {
      const next = ratio(sizes.slice(at, at + count + 1), side, scale);
      if (next > worst) break;
      worst = next;
      count += 1;
    }
    const row = sizes.slice(at, at + count);
    const area = row.reduce((sum, size) => sum + size, 0) * scale;
    const depth = area / side;
    let along = 0;
    for (const size of row) {
      const length = (size * scale) / depth;
      places.push(
        width >= height
          ? { left, top: top + along, width: depth, height: length }
          : { left: left + along, top, width: length, height: depth },
      );
      along += length;
    }
    if (width >= height) {
      left += depth;
      width -= depth;
    } else {
      top += depth;
      height -= depth;
    }
    at += count;
  }
  return places;
}

function ratio(row, side, scale) {
  const area = row.reduce((sum, size) => sum + size, 0) * scale;
  const large = row[0] * scale;
  const small = row.at(-1) * scale;
  return Math.max((side * side * large) / (area * area), (area * area) / (side * side * small));
}
