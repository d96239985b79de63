'use strict';
// The film and the sentences of one draft: pointing at a sentence shows where it looks, and pointing at a box shows
// the sentence. Lengths named *_px are film pixels, all others are CSS pixels of the canvas.
(() => {
  const element = (id) => document.getElementById(id);
  const data = JSON.parse(element('page-data').textContent);
  const canvas = element('canvas'), stage = element('stage'), film = element('film');
  const context = canvas.getContext('2d');
  const buttons = [...document.querySelectorAll('.sentence')];
  const kFullWidth = 255, kMiddle = 127.5, kMaxZoom = 12;
  const kBox = '#6fd3ff', kExamined = '#9ede96';
  const view = { zoom: 1, x: 0, y: 0, level: kMiddle, width: kFullWidth, inverted: false, heat: true, boxes: true,
                 opacity: 0.75, hovered: -1, pinned: -1 };

  // ---- the film through the window
  const source = document.createElement('canvas'), shown = document.createElement('canvas');
  let grey = null;
  function readFilm() {
    for (const c of [source, shown]) { c.width = film.naturalWidth; c.height = film.naturalHeight; }
    const to = source.getContext('2d', { willReadFrequently: true });
    to.drawImage(film, 0, 0);
    grey = to.getImageData(0, 0, source.width, source.height);
  }
  function applyWindow() {
    const table = new Uint8ClampedArray(256);
    for (let v = 0; v < 256; ++v) {
      const out = ((v - view.level) / view.width + 0.5) * 255;
      table[v] = view.inverted ? 255 - out : out;
    }
    const picture = new ImageData(grey.width, grey.height);
    const from = new Uint32Array(grey.data.buffer), to = new Uint32Array(picture.data.buffer);
    const packed = Uint32Array.from(table, (v) => (0xff000000 | v << 16 | v << 8 | v) >>> 0);
    for (let i = 0; i < from.length; ++i) to[i] = packed[from[i] & 255];
    shown.getContext('2d').putImageData(picture, 0, 0);
  }

  // ---- heat: a sentence's map, painted when it is first looked at
  const heats = new Map();
  function heatOf(index) {
    if (!heats.has(index)) {
      const map = data.sentences[index].map;
      heats.set(index, map ? radgenHeat.picture(map) : null);
    }
    return heats.get(index);
  }

  // ---- where the film lies on the canvas
  function fitScale() {
    const margin = Math.min(stage.clientWidth, stage.clientHeight) > 500 ? 18 : 6;
    return Math.min((stage.clientWidth - 2 * margin) / data.film.width_px,
                    (stage.clientHeight - 2 * margin) / data.film.height_px);
  }
  function placement() {
    const scale = fitScale() * view.zoom;
    return { scale, left: stage.clientWidth / 2 + view.x - data.film.width_px * scale / 2,
             top: stage.clientHeight / 2 + view.y - data.film.height_px * scale / 2 };
  }
  function onCanvas(box, place) {
    return { x: place.left + box.x * place.scale, y: place.top + box.y * place.scale, w: box.w * place.scale,
             h: box.h * place.scale };
  }
  function zoomTo(zoom, x, y) {
    const before = placement();
    const u = (x - before.left) / before.scale, v = (y - before.top) / before.scale;
    view.zoom = Math.min(Math.max(zoom, 1), kMaxZoom);
    const after = placement();
    view.x += x - (after.left + u * after.scale);
    view.y += y - (after.top + v * after.scale);
    keepInSight();
  }
  function keepInSight() {
    const scale = fitScale() * view.zoom;
    const x = Math.max(0, (data.film.width_px * scale - stage.clientWidth) / 2 + 40);
    const y = Math.max(0, (data.film.height_px * scale - stage.clientHeight) / 2 + 40);
    view.x = view.zoom === 1 ? 0 : Math.min(Math.max(view.x, -x), x);
    view.y = view.zoom === 1 ? 0 : Math.min(Math.max(view.y, -y), y);
    canvas.style.touchAction = view.zoom > 1 ? 'none' : 'pan-y';
  }

  // ---- drawing
  const active = () => (view.hovered >= 0 ? view.hovered : view.pinned);
  let isDrawPending = false;
  function draw() {
    if (isDrawPending) return;
    isDrawPending = true;
    requestAnimationFrame(() => { isDrawPending = false; paint(); });
  }
  function paint() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(stage.clientWidth * ratio), height = Math.round(stage.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
    const place = placement();
    const whole = onCanvas({ x: 0, y: 0, w: data.film.width_px, h: data.film.height_px }, place);
    context.imageSmoothingQuality = 'high';
    context.drawImage(shown, whole.x, whole.y, whole.w, whole.h);
    context.save();
    context.beginPath();
    context.rect(whole.x, whole.y, whole.w, whole.h);
    context.clip();
    paintHeatLayer(place);
    context.restore();
    paintBoxes(place);
    paintSides(whole);
    paintScale(whole, place);
    element('zoom').textContent = Math.round(view.zoom * 100) + ' %';
  }
  function paintHeatLayer(place) {
    const index = active();
    const heat = view.heat && index >= 0 ? heatOf(index) : null;
    element('legend').hidden = !heat;
    if (!heat) return;
    const box = onCanvas(data.map_box, place);
    context.globalAlpha = view.opacity;
    context.drawImage(heat, box.x, box.y, box.w, box.h);
    context.globalAlpha = 1;
  }
  function paintBoxes(place) {
    if (!view.boxes) return;
    const index = active(), plates = [];
    data.sentences.forEach((sentence, i) => {
      // What was looked at and found empty would hide what was found: it shows on demand.
      if (index >= 0 ? i !== index : sentence.kind === 'examined') return;
      for (const item of sentence.boxes) paintBox(onCanvas(item, place), sentence, index === i, plates);
    });
  }
  // `plates`: the numbers drawn so far; those of boxes that share a corner stand side by side.
  function paintBox(box, sentence, isActive, plates) {
    const isExamined = sentence.kind === 'examined', color = isExamined ? kExamined : kBox;
    context.lineWidth = isActive ? 4.5 : 3;
    context.strokeStyle = 'rgba(0,0,0,.6)';
    context.strokeRect(box.x, box.y, box.w, box.h);
    context.lineWidth = isActive ? 2.2 : 1.2;
    context.strokeStyle = color;
    context.globalAlpha = isActive ? 1 : 0.75;
    if (isExamined) context.setLineDash([9, 6]);
    context.strokeRect(box.x, box.y, box.w, box.h);
    context.setLineDash([]);
    const label = String(sentence.number), size = isActive ? 20 : 17;
    const plate = Math.max(size, 8 + 8 * label.length);
    const y = box.y >= size ? box.y - size : box.y;
    let x = box.x - 1;
    for (const other of plates) {
      if (Math.abs(other.y - y) < size && other.x < x + plate && x < other.x + other.w) x = other.x + other.w + 2;
    }
    plates.push({ x, y, w: plate });
    context.fillStyle = color;
    context.fillRect(x, y, plate, size);
    context.globalAlpha = 1;
    context.fillStyle = '#04202e';
    text(label, x + plate / 2, y + size / 2 + 0.5, `650 ${isActive ? 13 : 11.5}px`, 'center');
  }
  function text(words, x, y, font, align) {
    context.font = font + ' system-ui, sans-serif';
    context.textAlign = align;
    context.textBaseline = 'middle';
    context.fillText(words, x, y);
  }
  function outlined(words, x, y, font, align) {
    context.lineWidth = 3.5;
    context.lineJoin = 'round';
    context.strokeStyle = 'rgba(0,0,0,.75)';
    context.font = font + ' system-ui, sans-serif';
    context.textAlign = align;
    context.textBaseline = 'middle';
    context.strokeText(words, x, y);
    context.fillStyle = '#e6edf3';
    context.fillText(words, x, y);
  }
  // The patient's sides at the film's edges, kept in sight when the film is larger than the stage.
  function paintSides(whole) {
    const y = Math.min(Math.max(whole.y + whole.h / 2, 40), stage.clientHeight - 40);
    const note = data.film.is_orientation_stated ? '' : ' ?';
    outlined('R' + note, Math.max(whole.x, 0) + 12, y, '650 18px', 'left');
    outlined('L' + note, Math.min(whole.x + whole.w, stage.clientWidth) - 12, y, '650 18px', 'right');
  }
  function paintScale(whole, place) {
    if (!(data.film.mm_per_px > 0)) return;
    const perMm = place.scale / data.film.mm_per_px;
    const mm = [200, 100, 50, 20, 10, 5, 2, 1].find((length) => length * perMm <= stage.clientWidth * 0.22) || 1;
    const x = Math.max(whole.x, 0) + 14, length = mm * perMm;
    const y = Math.min(whole.y + whole.h, stage.clientHeight) - 16;
    for (const [width, style] of [[5, 'rgba(0,0,0,.7)'], [2, '#e6edf3']]) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.beginPath();
      context.moveTo(x, y - 5); context.lineTo(x, y); context.lineTo(x + length, y); context.lineTo(x + length, y - 5);
      context.stroke();
    }
    outlined((mm >= 10 ? mm / 10 + ' cm' : mm + ' mm') + data.film.spacing_note, x, y - 15, '560 12.5px', 'left');
  }

  // ---- sentences
  function show() {
    const index = active(), pointing = element('pointing');
    buttons.forEach((button, i) => {
      button.classList.toggle('active', i === index);
      button.setAttribute('aria-pressed', String(i === view.pinned));
    });
    pointing.textContent = '';
    if (index >= 0) {
      const strong = document.createElement('b');
      strong.textContent = 'Sentence ' + data.sentences[index].number;
      pointing.append(strong, '\u2002' + data.sentences[index].evidence + (index === view.pinned ? ', pinned' : ''));
      pointing.classList.toggle('none', data.sentences[index].boxes.length === 0);
      pointing.classList.toggle('examined', data.sentences[index].kind === 'examined');
    }
    draw();
  }
  function hover(index) {
    if (index === view.hovered) return;
    view.hovered = index;
    show();
  }
  function pin(index) {
    view.pinned = view.pinned === index ? -1 : index;
    show();
  }
  buttons.forEach((button, i) => {
    button.tabIndex = i === 0 ? 0 : -1;  // one stop for Tab; arrows move inside
    button.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') hover(i); });
    button.addEventListener('pointerleave', () => hover(-1));
    button.addEventListener('focus', () => { if (button.matches(':focus-visible')) hover(i); });
    button.addEventListener('blur', () => hover(-1));
    button.addEventListener('click', () => pin(i));
    button.addEventListener('keydown', (event) => {
      const target = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (target === undefined || !buttons[target]) return;
      event.preventDefault();
      buttons.forEach((other, k) => { other.tabIndex = k === target ? 0 : -1; });
      buttons[target].focus();
    });
  });
  function pinFromAddress() {
    const match = /^#sentence=(\d+)$/.exec(location.hash);
    const index = match ? data.sentences.findIndex((sentence) => sentence.number === Number(match[1])) : -1;
    if (buttons[index]) {
      view.pinned = index;
      buttons[index].scrollIntoView({ block: 'nearest' });
      show();
    }
  }

  // ---- pointers on the film
  function sentenceAt(x, y) {
    if (!view.boxes) return -1;
    const place = placement();
    let best = -1, bestArea = Infinity;
    data.sentences.forEach((sentence, i) => {
      if (sentence.kind === 'examined' && i !== view.pinned) return;
      for (const item of sentence.boxes) {
        const box = onCanvas(item, place);
        const isInside = x >= box.x && x <= box.x + box.w && y >= box.y - 18 && y <= box.y + box.h;
        if (isInside && box.w * box.h < bestArea) { best = i; bestArea = box.w * box.h; }
      }
    });
    return best;
  }
  const pointers = new Map();
  let moved = 0;
  const local = (event) => {
    const frame = canvas.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { ...local(event), button: event.button });
    moved = 0;
  });
  canvas.addEventListener('pointermove', (event) => {
    const now = local(event), before = pointers.get(event.pointerId);
    if (!before) {
      const index = sentenceAt(now.x, now.y);
      canvas.classList.toggle('over', index >= 0);
      if (index >= 0 && index !== view.hovered) buttons[index].scrollIntoView({ block: 'nearest' });
      hover(index);
      return;
    }
    const dx = now.x - before.x, dy = now.y - before.y;
    moved += Math.abs(dx) + Math.abs(dy);
    if (pointers.size === 2) {
      const other = [...pointers.entries()].find(([id]) => id !== event.pointerId)[1];
      const ratio = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
      zoomTo(view.zoom * ratio, (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (before.button === 2) {
      setWindow(view.level - dy * 0.6, view.width + dx * 1.2);
    } else if (view.zoom > 1) {
      canvas.classList.add('moving');
      view.x += dx;
      view.y += dy;
      keepInSight();
    }
    pointers.set(event.pointerId, { ...now, button: before.button });
    draw();
  });
  for (const name of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(name, (event) => {
      const was = pointers.get(event.pointerId);
      pointers.delete(event.pointerId);
      canvas.classList.remove('moving');
      if (!was || was.button !== 0 || name !== 'pointerup' || moved > 4) return;
      const now = local(event), index = sentenceAt(now.x, now.y);
      if (index >= 0) pin(index);
    });
  }
  canvas.addEventListener('pointerleave', () => hover(-1));
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    const at = local(event);
    zoomTo(view.zoom * Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016)), at.x, at.y);
    draw();
  }, { passive: false });
  canvas.addEventListener('dblclick', (event) => {
    const at = local(event);
    zoomTo(view.zoom > 1 ? 1 : 2.5, at.x, at.y);
    draw();
  });

  // ---- controls
  function setWindow(level, width) {
    view.level = Math.min(Math.max(level, 0), 255);
    view.width = Math.min(Math.max(width, 8), 510);
    element('level').value = view.level;
    element('width').value = view.width;
    applyWindow();
    draw();
  }
  function toggle(id, key) {
    view[key] = !view[key];
    element(id).setAttribute('aria-pressed', String(view[key]));
    if (key === 'inverted') applyWindow();
    draw();
  }
  function reset() {
    Object.assign(view, { zoom: 1, x: 0, y: 0 });
    if (view.inverted) toggle('invert', 'inverted');
    keepInSight();
    setWindow(kMiddle, kFullWidth);
  }
  function zoomBy(factor) {
    zoomTo(view.zoom * factor, stage.clientWidth / 2, stage.clientHeight / 2);
    draw();
  }
  const actions = {
    heat: () => toggle('heat', 'heat'),
    boxes: () => toggle('boxes', 'boxes'),
    invert: () => toggle('invert', 'inverted'),
    reset,
    'zoom-in': () => zoomBy(1.4),
    'zoom-out': () => zoomBy(1 / 1.4),
  };
  for (const [id, action] of Object.entries(actions)) element(id).addEventListener('click', action);
  element('opacity').addEventListener('input', (event) => { view.opacity = event.target.value / 100; draw(); });
  for (const id of ['level', 'width']) {
    element(id).addEventListener('input', () => setWindow(Number(element('level').value), Number(element('width').value)));
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
    const key = { h: 'heat', b: 'boxes', i: 'invert', r: 'reset', '+': 'zoom-in', '-': 'zoom-out' }[event.key.toLowerCase()];
    if (key) actions[key]();
    if (event.key === 'Escape') { view.pinned = -1; hover(-1); show(); }
  });

  // ---- start
  async function start() {
    await film.decode();
    readFilm();
    applyWindow();
    document.body.classList.add('live');
    element('tools').hidden = false;
    document.querySelector('.evidence-tools').hidden = !data.sentences.some((sentence) => sentence.boxes.length);
    element('ramp').style.background = radgenHeat.ramp();
    // Painted at once: observers run before the frame is shown, so the film is never seen stretched.
    new ResizeObserver(() => { keepInSight(); paint(); }).observe(stage);
    window.addEventListener('hashchange', pinFromAddress);
    pinFromAddress();
    show();
  }
  start();
})();
