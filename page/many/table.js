// gradio runs this once: `element` holds the filters, the table and the dialog of table_html.py, and `props.value` what
// `table_value` gives. Rows are filtered, sorted and drawn here, so that 2,000 faces answer at once.
const find = (selector) => element.querySelector(selector);
const root = find('.ga-many-results'), body = find('tbody'), count = find('.ga-many-count');
const more = find('.ga-many-more'), reset = find('.ga-many-reset'), dialog = find('dialog');
// Rows drawn at first, and by each press of “Show more”.
const STEP = 50;
let charts = null, photos = [], taken = 0, rows = [], found = [], limit = STEP, sorted = { key: 'given', down: false };
// What the visitor has chosen, such as gender -> male.
const chosen = new Map();

// Macs write accents apart from their letters.
const plain = (text) => text.normalize('NFC').toLowerCase();
const tests = {
  gender: (row, value) => row.face?.gender === value,
  decade: (row, value) => row.face?.decade === Number(value),
  uncertain: (row) => row.face?.uncertain,
  problem: (row) => !row.face,
  folder: (row, value) => row.photo.folder === value,
  name: (row, value) => plain(`${row.photo.folder} ${row.photo.name}`).includes(plain(value)),
};
const orders = {
  age: (a, b) => a.age - b.age,
  gender: (a, b) => a.gender.localeCompare(b.gender) || b.probability - a.probability,
};

const make = (tag, className, ...content) => {
  const made = Object.assign(document.createElement(tag), { className });
  made.append(...content.filter((each) => each));
  return made;
};

const tile = (photo, index) => {
  const frame = make('span', 'ga-many-tile');
  const [file] = props.value.files;
  if (file && photo.strip) {
    const src = file.url.replace(file.path, () => photo.strip);
    const image = Object.assign(document.createElement('img'), { alt: '', loading: 'lazy', decoding: 'async', src });
    image.style.setProperty('--ga-index', index);
    frame.append(image);
  }
  return frame;
};

const line = (row) => {
  const { photo, face, number } = row;
  const which = photo.faces.length > 1 && `face ${number} of ${photo.faces.length}`;
  const words = make('span', 'ga-many-words', make('span', 'ga-many-name', photo.name),
    photo.folder && make('small', '', photo.folder), which && make('small', '', which));
  const open = make(photo.usable ? 'button' : 'span', 'ga-many-open', tile(photo, face ? number - 1 : 0), words);
  if (photo.usable) open.type = 'button';
  const head = Object.assign(make('th', '', open), { scope: 'row' });
  const made = make('tr', photo.usable ? 'ga-many-usable' : '', head);
  if (face) {
    const uncertain = face.uncertain && make('span', 'ga-many-uncertain', 'uncertain');
    made.append(make('td', '', make('b', '', face.years), make('small', '', face.interval)),
      make('td', '', make('span', '', face.gender), make('small', '', face.percent), uncertain));
  } else {
    made.append(Object.assign(make('td', 'ga-many-problem', photo.problem), { colSpan: 2 }));
  }
  made.row = row;
  return made;
};

const compare = (a, b) => {
  const byPlace = a.at - b.at || a.number - b.number, way = sorted.down ? -1 : 1;
  if (sorted.key === 'given') return byPlace;
  if (sorted.key === 'photo') return way * (a.photo.name.localeCompare(b.photo.name) || byPlace);
  if (!a.face || !b.face) return !a.face - !b.face || way * byPlace;
  return way * (orders[sorted.key](a.face, b.face) || byPlace);
};

// The same filter may have a chip and a bar in a chart. gradio adds the charts after this script has run, and writes them
// anew with every part of a run.
const mark = () => {
  if (!charts && (charts = document.querySelector('#many-charts'))) {
    charts.addEventListener('click', press);
    new MutationObserver(mark).observe(charts, { childList: true, subtree: true, attributeFilter: ['aria-pressed'] });
  }
  for (const button of [...element.querySelectorAll('[data-key]'), ...(charts?.querySelectorAll('[data-key]') ?? [])]) {
    const [key, value] = button.dataset.key.split(':');
    const isPressed = String(chosen.get(key) === value);
    if (button.getAttribute('aria-pressed') !== isPressed) button.setAttribute('aria-pressed', isPressed);
  }
  for (const field of element.querySelectorAll('[data-field]')) {
    const value = chosen.get(field.dataset.field) ?? 'all';
    if (field.tagName === 'SELECT') field.value = value;
    else if (!chosen.has(field.dataset.field)) field.value = '';
  }
  for (const button of element.querySelectorAll('[data-sort]')) {
    const isSorted = button.dataset.sort === sorted.key;
    button.closest('th').setAttribute('aria-sort', isSorted ? (sorted.down ? 'descending' : 'ascending') : 'none');
  }
};

const draw = () => {
  found = rows.filter((row) => [...chosen].every(([key, value]) => tests[key](row, value))).sort(compare);
  const wanted = found.slice(0, limit).map((row) => (row.line ??= line(row)));
  // Rows that stay are not moved, so that they keep the focus.
  wanted.forEach((each, index) => {
    if (body.children[index] !== each) body.insertBefore(each, body.children[index] ?? null);
  });
  while (body.children.length > wanted.length) body.lastChild.remove();
  const total = `${rows.length} row${rows.length === 1 ? '' : 's'}`;
  // What a run adds is not announced.
  count.ariaLive = chosen.size ? 'polite' : 'off';
  count.textContent = chosen.size ? `${found.length} of ${total}` : total;
  more.hidden = found.length <= limit;
  reset.hidden = chosen.size === 0;
  root.hidden = rows.length === 0;
  mark();
};

const choose = (key, value) => {
  if (value === undefined) chosen.delete(key);
  else chosen.set(key, value);
  limit = STEP;
  draw();
};

const listFolders = () => {
  const select = find('[data-field="folder"]');
  const names = [...new Set(photos.map((photo) => photo.folder))];
  select.closest('label').hidden = names.length < 2;
  const listed = [...select.options].map((option) => option.value);
  for (const name of names) if (!listed.includes(name)) select.add(new Option(name || 'outside of archives', name));
};

const take = () => {
  const { lines: text } = props.value;
  if (text.length < taken) {
    [photos, rows, taken, limit, sorted] = [[], [], 0, STEP, { key: 'given', down: false }];
    chosen.clear();
    find('[data-field="folder"]').length = 1;
  }
  for (const each of text.slice(taken).split('\n').filter(Boolean)) {
    const photo = JSON.parse(each), at = photos.push(photo) - 1;
    photo.faces.forEach((face, index) => rows.push({ photo, at, face, number: index + 1 }));
    if (!photo.faces.length) rows.push({ photo, at, number: 0 });
  }
  taken = text.length;
  listFolders();
  draw();
};

// The photo of a row, which the server draws. An answer to an earlier question is not shown. One question at a time: of two,
// gradio would ask the first one twice.
let asked = 0, at = 0, underway = 0;
const ask = () => {
  underway = asked;
  trigger('select', { photo: at, asked });
};
const neighbour = (step) => {
  const order = [...new Set(found.filter((row) => row.photo.usable).map((row) => row.at))];
  return order[order.indexOf(at) + step];
};
const say = (sentence) => { find('.ga-many-wait').textContent = sentence; };
const showPhoto = (wanted) => {
  const picture = document.querySelector('#many-photo');
  if (!dialog.contains(picture)) {
    find('.ga-many-body').append(picture);
    new MutationObserver(async () => {
      await picture.querySelector('img')?.decode().catch(() => {}); // another was asked for, or it is gone
      if (Number(picture.querySelector('[data-asked]')?.dataset.asked) === asked) dialog.classList.remove('ga-waiting');
    }).observe(picture, { childList: true, subtree: true, attributes: true });
  }
  at = wanted;
  asked += 1;
  const { name, folder } = photos[at];
  find('.ga-many-title').textContent = name;
  find('.ga-many-title + small').textContent = folder;
  for (const each of dialog.querySelectorAll('[data-step]')) each.disabled = neighbour(Number(each.dataset.step)) === undefined;
  say('Opening the photo …');
  dialog.classList.add('ga-waiting');
  if (!dialog.open) dialog.showModal();
  if (!underway) ask();
};
const done = (sentence) => {
  const isLast = underway === asked;
  underway = 0;
  if (!isLast) setTimeout(ask);
  else if (sentence) say(sentence);
};
element.addEventListener('ga-many-opened', () => done(''));
element.addEventListener('ga-many-failed', () => {
  done('The photo could not be opened: too many people are asking at this moment. Try again in a minute.');
});

const press = (event) => {
  const { target } = event;
  const key = target.closest('[data-key]')?.dataset.key.split(':');
  if (key) return choose(key[0], chosen.get(key[0]) === key[1] ? undefined : key[1]);
  const column = target.closest('[data-sort]')?.dataset.sort;
  const row = target.closest('tbody tr')?.row, step = target.closest('[data-step]')?.dataset.step;
  if (column) {
    sorted = { key: column, down: sorted.key === column && !sorted.down };
    draw();
  } else if (target.closest('.ga-many-reset')) {
    chosen.clear();
    choose('name');
    find('[data-field="name"]').focus(); // this button is gone
  } else if (target === more) {
    const first = limit;
    limit += STEP;
    draw();
    if (more.hidden) body.children[first]?.querySelector('button')?.focus();
  } else if (row?.photo.usable) showPhoto(row.at);
  else if (step && neighbour(Number(step)) !== undefined) {
    showPhoto(neighbour(Number(step)));
    if (target.disabled) find('.ga-many-close').focus();
  }
  else if (target.closest('.ga-many-close') || target === dialog) dialog.close();
};
element.addEventListener('click', press);
element.addEventListener('input', ({ target }) => {
  const { field } = target.dataset;
  if (field) choose(field, target.value === (target.tagName === 'SELECT' ? 'all' : '') ? undefined : target.value);
});
// Pictures are deleted from the server in time.
element.addEventListener('error', ({ target }) => { if (target.matches('.ga-many-tile img')) target.remove(); }, true);
watch('value', take);
take();
