'use strict';
// Attention as colours: stops of inferno (perceptually even; no red against green), bilinear between the centres of the
// cells, coloured after that. Below the floor, a share of the map's maximum, nothing is tinted.
const radgenHeat = (() => {
  const kFloor = 0.22, kSide = 384;
  const kStops = [[27, 12, 65], [74, 12, 107], [120, 28, 109], [165, 44, 96], [207, 68, 70], [237, 105, 37],
                  [251, 155, 6], [247, 209, 61], [252, 255, 164]];
  function color(value) {
    const place = Math.min(Math.max(value, 0), 1) * (kStops.length - 1);
    const i = Math.min(Math.floor(place), kStops.length - 2), part = place - i;
    return kStops[i].map((low, c) => low + (kStops[i + 1][c] - low) * part);
  }
  function paint(cells, map, width, height) {
    const out = new ImageData(width, height);
    for (let y = 0; y < height; ++y) {
      const v = Math.min(Math.max((y + 0.5) * map.rows / height - 0.5, 0), map.rows - 1);
      const y0 = Math.floor(v), y1 = Math.min(y0 + 1, map.rows - 1), fy = v - y0;
      for (let x = 0; x < width; ++x) {
        const u = Math.min(Math.max((x + 0.5) * map.columns / width - 0.5, 0), map.columns - 1);
        const x0 = Math.floor(u), x1 = Math.min(x0 + 1, map.columns - 1), fx = u - x0;
        const at = (row, column) => cells[row * map.columns + column];
        const value = ((at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) +
                       (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy) / 255;
        const above = (value - kFloor) / (1 - kFloor);
        if (above <= 0) continue;
        out.data.set([...color(value), 255 * Math.min(1, 1.4 * Math.sqrt(above))], 4 * (y * width + x));
      }
    }
    return out;
  }
  // A canvas of the map {rows, columns, values: base64 of bytes, 255 the maximum}.
  function picture(map) {
    const cells = Uint8Array.from(atob(map.values), (c) => c.charCodeAt(0));
    const scale = kSide / Math.max(map.rows, map.columns);
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(map.columns * scale);
    canvas.height = Math.round(map.rows * scale);
    canvas.getContext('2d').putImageData(paint(cells, map, canvas.width, canvas.height), 0, 0);
    return canvas;
  }
  // The legend's colours, as a CSS image.
  function ramp() {
    return `linear-gradient(90deg, ${[0.22, 0.4, 0.6, 0.8, 1].map((v) => `rgb(${color(v).map(Math.round)})`)})`;
  }
  return { picture, ramp };
})();
