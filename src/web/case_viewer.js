// Leafing through cases: one film with its map and boxes beside the words. Lengths named *_px are the picture's pixels,
// all others are CSS pixels of the canvas.
(() => {
  const element = (id) => document.getElementById('viewer-' + id);
  const data = JSON.parse(element('data').textContent);
  const canvas = element('canvas'), context = canvas.getContext('2d'), chooser = element('kind');
  const kColors = { reference: '#7df0a6', draft: '#6fd3ff', other: '#ff9df0' };
  const kMargin = 10;
  const view = { kind: 0, place: 0, heat: true, boxes: true };
  const films = new Map(), heats = new Map();

  const kind = () => data.kinds[view.kind];
  const index = () => kind().cases[view.place];
  const shown = () => data.cases[index()];

  // ---- drawing
  function filmOf(picture) {
    if (!films.has(picture)) {
      const film = new Image();
      film.onload = paint;
      film.src = data.pictures[picture].source;
      films.set(picture, film);
    }
    return films.get(picture);
  }
  function heatOf(number) {
    const map = data.cases[number].map;
    if (!heats.has(number)) heats.set(number, map ? radgenHeat.picture(map) : null);
    return heats.get(number);
  }
  function paint() {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const one = shown(), picture = data.pictures[one.picture], film = filmOf(one.picture);
    if (!film.complete || !film.naturalWidth) return;
    const scale = Math.min((width - 2 * kMargin) / picture.width_px, (height - 2 * kMargin) / picture.height_px);
    const whole = { w: picture.width_px * scale, h: picture.height_px * scale };
    whole.x = (width - whole.w) / 2;
    whole.y = (height - whole.h) / 2;
    const placed = (box) => ({ x: whole.x + box.x * scale, y: whole.y + box.y * scale, w: box.w * scale, h: box.h * scale });
    context.imageSmoothingQuality = 'high';
    context.drawImage(film, whole.x, whole.y, whole.w, whole.h);
    context.save();
    context.beginPath();
    context.rect(whole.x, whole.y, whole.w, whole.h);
    context.clip();
    const heat = view.heat ? heatOf(index()) : null;
    if (heat) {
      const box = placed(one.map_box);
      context.globalAlpha = 0.62;
      context.drawImage(heat, box.x, box.y, box.w, box.h);
      context.globalAlpha = 1;
    }
    context.restore();
    const plates = [];
    if (view.boxes) for (const box of one.boxes) paintBox(placed(box), box, plates, width);
    for (const [side, x, align] of [['R', whole.x + 10, 'left'], ['L', whole.x + whole.w - 10, 'right']]) {
      outlined(side, x, whole.y + whole.h / 2, align);
    }
  }
  function paintBox(box, what, plates, width) {
    context.setLineDash([]);
    context.lineWidth = 4;
    context.strokeStyle = 'rgba(0,0,0,.6)';
    context.strokeRect(box.x, box.y, box.w, box.h);
    context.lineWidth = 2;
    context.strokeStyle = kColors[what.kind];
    if (what.kind === 'draft') context.setLineDash([7, 5]);
    context.strokeRect(box.x, box.y, box.w, box.h);
    context.setLineDash([]);
    if (!what.label) return;
    context.font = '600 12px system-ui, sans-serif';
    const plate = { w: context.measureText(what.label).width + 10, h: 18 };
    plate.x = Math.max(2, Math.min(box.x - 1, width - plate.w - 2));
    plate.y = box.y >= plate.h ? box.y - plate.h : box.y + box.h;
    // Labels that would cover one another stand one above the other.
    const covers = (other) => plate.x < other.x + other.w && other.x < plate.x + plate.w &&
                              plate.y < other.y + other.h && other.y < plate.y + plate.h;
    for (let tries = 0; tries < 8 && plates.some(covers); ++tries) plate.y += plate.h + 1;
    plates.push(plate);
    context.fillStyle = 'rgba(5,10,15,.78)';
    context.fillRect(plate.x, plate.y, plate.w, plate.h);
    context.fillStyle = kColors[what.kind];
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillText(what.label, plate.x + 5, plate.y + plate.h / 2 + 0.5);
  }
  function outlined(words, x, y, align) {
    context.font = '650 17px system-ui, sans-serif';
    context.textAlign = align;
    context.textBaseline = 'middle';
    context.lineWidth = 3.5;
    context.lineJoin = 'round';
    context.strokeStyle = 'rgba(0,0,0,.75)';
    context.strokeText(words, x, y);
    context.fillStyle = '#e6edf3';
    context.fillText(words, x, y);
  }

  // ---- words
  function fillText(target, parts) {
    target.replaceChildren(...parts.map(([words, isMarked]) => {
      if (!isMarked) return document.createTextNode(words);
      const mark = document.createElement('mark');
      mark.textContent = words;
      return mark;
    }));
    if (!parts.some(([words]) => words.trim())) target.textContent = '(no text)';
  }
  function show() {
    const one = shown();
    chooser.value = String(view.kind);
    element('lead').textContent = kind().lead;
    const all = kind().count > kind().cases.length ? ` (all: ${kind().count})` : '';
    element('place').textContent = `${view.place + 1} of ${kind().cases.length}${all}`;
    element('title').textContent = one.title;
    element('remark').textContent = one.remark;
    element('note').textContent = one.map_note;
    element('key-heat').hidden = !one.map;
    element('key-other').hidden = !one.boxes.some((box) => box.kind === 'other');
    fillText(element('draft'), one.draft);
    fillText(element('reference'), one.reference);
    element('facts').replaceChildren(...one.facts.flatMap(([name, value]) => {
      const term = document.createElement('dt'), meaning = document.createElement('dd');
      term.textContent = name;
      meaning.textContent = value;
      return [term, meaning];
    }));
    paint();
  }

  // ---- turning pages: past the last case of a kind comes the first one of the next
  function turn(step) {
    view.place += step;
    if (view.place >= kind().cases.length) return turnKind(1);
    if (view.place < 0) {
      turnKind(-1);
      view.place = kind().cases.length - 1;
    }
    show();
  }
  function turnKind(step) {
    view.kind = (view.kind + step + data.kinds.length) % data.kinds.length;
    view.place = 0;
    show();
  }
  function toggle(what) {
    view[what] = !view[what];
    element(what).setAttribute('aria-pressed', String(view[what]));
    paint();
  }
  function goToAddress() {
    const [name, place] = decodeURIComponent(location.hash.slice(1)).split('/');
    const found = data.kinds.findIndex((one) => one.name === name);
    if (found < 0) return;
    view.kind = found;
    view.place = Math.min(Math.max(Number(place || 1) - 1 || 0, 0), kind().cases.length - 1);
    element('kind').closest('section').scrollIntoView({ block: 'start' });
    show();
  }

  let group = null;
  data.kinds.forEach((one, i) => {
    if (!group || group.label !== one.group) {
      group = document.createElement('optgroup');
      group.label = one.group;
      chooser.append(group);
    }
    group.append(new Option(`${one.title} (${one.count})`, String(i)));
  });
  chooser.addEventListener('change', () => { view.kind = Number(chooser.value); view.place = 0; show(); });
  element('back').addEventListener('click', () => turn(-1));
  element('next').addEventListener('click', () => turn(1));
  for (const what of ['heat', 'boxes']) element(what).addEventListener('click', () => toggle(what));
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('select, input')) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      (event.shiftKey ? turnKind : turn)(step);
    }
    const what = { h: 'heat', b: 'boxes' }[event.key.toLowerCase()];
    if (what) toggle(what);
  });
  element('ramp').style.background = radgenHeat.ramp();
  new ResizeObserver(paint).observe(canvas);
  window.addEventListener('hashchange', goToAddress);
  show();
  goToAddress();
})();
