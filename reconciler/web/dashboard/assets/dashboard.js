// The page works without this script; with it the page stays current, and has a keyboard.
'use strict';

const $ = (selector, from = document) => from.querySelector(selector);
document.documentElement.classList.add('script');

// Ages. The server's clock counts, this one only counts on.
let skew = Number(document.body.dataset.now) - Date.now() / 1000;
const two = n => String(n).padStart(2, '0');

function ago(s) {
  s = Math.max(0, Math.floor(s));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`;
  return `${Math.floor(s / 86400)}d ${two(Math.floor(s / 3600) % 24)}h`;
}

function age(time) {
  const s = Date.now() / 1000 + skew - Number(time.dataset.at);
  const text = 'ahead' in time.dataset ? (s < 0 ? `in ${ago(-s)}` : 'now') : ago(s);
  if (time.textContent !== text) time.textContent = text;
}

const ages = (from = document) => from.querySelectorAll('time[data-at]').forEach(age);
setInterval(() => { if (!document.hidden) ages(); }, 1000);

// Renewing. What is the same is left alone, so that focus, selection and what was opened stay.
const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || '' : '';

function fits(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function renew(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const a of [...old.attributes]) {
    if (!fresh.hasAttribute(a.name) && !(a.name === 'open' && old.nodeName === 'DETAILS')) old.removeAttribute(a.name);
  }
  for (const a of fresh.attributes) {
    if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
  }
  if (old.nodeName === 'TIME') return age(old);
  renewChildren(old, fresh);
  if (old !== document.activeElement) { // what is being typed or chosen is not disturbed
    if (old.nodeName === 'INPUT' && old.type !== 'hidden' && old.value !== fresh.value) old.value = fresh.value;
    if (old.nodeName === 'SELECT' && old.value !== fresh.value) old.value = fresh.value;
  }
}

function renewChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const known = keyed.get(keyOf(child));
    if (known && known !== at && known.nodeName === child.nodeName) old.insertBefore(known, at), at = known;
    if (at && fits(at, child)) {
      const next = at.nextSibling;
      renew(at, child);
      at = next;
    } else {
      old.insertBefore(child, at);
      if (child.nodeType === Node.ELEMENT_NODE) ages(child);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function show(sections) {
  for (const [id, html] of Object.entries(sections)) {
    const section = document.getElementById(id);
    if (!section) continue;
    const fresh = section.cloneNode(false);
    fresh.innerHTML = html; // rendered and escaped by the server, as the page itself is
    renewChildren(section, fresh);
  }
}

// The stream.
let stream, heard = 0, again;
const live = $('#live');

function tell(on, text) {
  live.className = on ? 'on' : 'off';
  const span = $('.text', live);
  if (span.textContent !== text) span.textContent = text;
}

function close() {
  clearTimeout(again);
  if (stream) stream.close();
  stream = null;
}

function listen() {
  close();
  if (document.hidden) return; // a browser has few connections to spare
  heard = Date.now();
  const here = stream = new EventSource('/dashboard/events' + location.search);
  const hear = now => {
    heard = Date.now();
    skew = now - heard / 1000;
    tell(true, 'live');
  };
  here.addEventListener('sections', e => {
    if (here !== stream) return;
    const m = JSON.parse(e.data);
    hear(m.now);
    show(m.html);
  });
  here.addEventListener('beat', e => hear(Number(e.data)));
  here.onerror = () => {
    if (here !== stream) return;
    tell(false, 'not live: reconnecting');
    if (here.readyState === EventSource.CLOSED) { // refused: too many look, or the launcher is away
      stream = null;
      clearTimeout(again);
      again = setTimeout(listen, 10000);
    }
  };
}

setInterval(() => { if (stream && Date.now() - heard > 40000) { tell(false, 'not live: reconnecting'); listen(); } }, 5000);
document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else { ages(); listen(); } });
listen();

// Moving from page to page of the lists without loading the page anew.
function go(url, push = true) {
  const to = new URL(url, location);
  if (!stream) return location.assign(to); // not live: load it
  if (push) history.pushState(null, '', to);
  listen();
  const target = to.hash && document.getElementById(to.hash.slice(1));
  if (target && target.getBoundingClientRect().top < 0) target.scrollIntoView({ block: 'start' });
}

addEventListener('popstate', () => listen());

document.addEventListener('click', e => {
  const link = e.target.closest('main a');
  if (!link || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || link.origin !== location.origin || link.pathname !== '/') return;
  e.preventDefault();
  go(link.href);
});

const filter = () => $('#nodes form');

function apply() {
  const q = new URLSearchParams([...new FormData(filter())].filter(([, value]) => value));
  const url = `/${q.size ? '?' : ''}${q}`;
  if (url !== location.pathname + location.search) go(url);
}

let typing;
document.addEventListener('submit', e => {
  if (e.target === filter()) { e.preventDefault(); apply(); }
  if (e.target.matches('form.plan')) { e.preventDefault(); preview(e.target); }
});
document.addEventListener('change', e => { if (e.target.form && e.target.form === filter()) apply(); });
document.addEventListener('input', e => {
  if (!e.target.form || e.target.form !== filter() || e.target.nodeName !== 'INPUT') return;
  clearTimeout(typing);
  typing = setTimeout(apply, 400);
});

// A provider's plan.
async function preview(form) {
  const dialog = $('#plan'), body = $('.body', dialog), provider = new FormData(form).get('provider');
  $('h2', dialog).textContent = `Plan of ${provider}`;
  body.textContent = 'Terraform plans…';
  dialog.showModal();
  try {
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams({ provider }) });
    const text = await answer.text();
    const found = answer.ok && $('#preview', new DOMParser().parseFromString(text, 'text/html'));
    if (found) body.replaceChildren(...found.childNodes); else body.textContent = text;
  } catch {
    body.textContent = 'The launcher does not answer.';
  }
}

// The keyboard.
const keys = $('#keys-on');
keys.checked = localStorage.getItem('keys') !== 'off';
keys.addEventListener('change', () => localStorage.setItem('keys', keys.checked ? 'on' : 'off'));
$('#help-button').addEventListener('click', () => $('#help').showModal());

function visit(selector) {
  const target = $(selector);
  if (!target) return;
  target.scrollIntoView({ block: 'nearest' });
  target.focus();
}

const shortcuts = {
  '/': () => visit('#nodes input[name=q]'),
  n: () => { const a = $('#nodes a[rel=next]'); if (a) go(a.href); },
  p: () => { const a = $('#nodes a[rel=prev]'); if (a) go(a.href); },
  r: () => visit('#requests'),
  f: () => visit('#failures summary'),
  x: () => { const a = $('#nodes a.clear'); if (a) go(a.href); },
  '?': () => $('#help').showModal(),
};

document.addEventListener('keydown', e => {
  if (!keys.checked || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  if ($('dialog[open]') || e.target.matches('input, select, textarea')) return;
  const act = Object.hasOwn(shortcuts, e.key) && shortcuts[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});

// Holding and deleting nodes: only where the launcher has an admin token, and after it was given.
if ('admin' in document.body.dataset) {
  const button = $('#unlock');
  const token = () => sessionStorage.getItem('admin-token');
  const post = (path, word = token()) => fetch('/dashboard/' + path, { method: 'POST', headers: { Authorization: `Bearer ${word}` } });
  const reflect = () => {
    document.documentElement.classList.toggle('unlocked', Boolean(token()));
    button.textContent = token() ? 'Lock' : 'Unlock';
  };
  const ask = (dialog, send) => { // a dialog with a form that is sent, and says why it failed
    const form = $('form', dialog), error = $('.error', dialog);
    $('[data-close]', dialog).addEventListener('click', () => dialog.close());
    form.addEventListener('submit', async e => {
      e.preventDefault();
      error.textContent = '';
      try {
        const answer = await send(new FormData(form));
        if (answer.ok) dialog.close(); else error.textContent = await answer.text();
      } catch {
        error.textContent = 'The launcher does not answer.';
      }
    });
    return () => { form.reset(); error.textContent = ''; dialog.showModal(); };
  };

  const unlock = ask($('#token'), async data => {
    const word = data.get('token');
    const answer = await post('admin', word);
    if (answer.ok) sessionStorage.setItem('admin-token', word);
    reflect();
    return answer;
  });
  button.addEventListener('click', () => {
    if (!token()) return unlock();
    sessionStorage.removeItem('admin-token');
    reflect();
  });

  let act = {};
  const confirm = ask($('#act'), async () => {
    const answer = await post(`nodes/${act.node}/${act.act}`);
    if (answer.status === 401) { sessionStorage.removeItem('admin-token'); reflect(); }
    return answer;
  });
  document.addEventListener('click', e => {
    const b = e.target.closest('button[data-act]');
    if (!b) return;
    act = { ...b.dataset };
    const dialog = $('#act'), deletes = act.act === 'delete';
    $('h2', dialog).textContent = `${deletes ? 'Delete' : 'Hold'} node ${act.node}`;
    $('.what', dialog).textContent = deletes
      ? `The node is in state ${act.state}. ${act.state === 'in-use' ? 'A job is running on it and will fail. ' : ''}Its machine is destroyed.`
      : 'It is kept, and not given to anybody, until it is deleted or max-hold-age is over.';
    const send = $('.go', dialog);
    send.textContent = deletes ? 'Delete' : 'Hold';
    send.classList.toggle('is-bad', deletes);
    confirm();
  });
  reflect();
}
