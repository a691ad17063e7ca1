// Converse.js, logged in.
import converse from './converse/converse.min.js';

const { run, jid, password } = await (await fetch('settings.json')).json();

// What the browser keeps of an earlier run is of a server that is gone.
if (localStorage.getItem('demo-run') !== run) {
  localStorage.clear();
  sessionStorage.clear();
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  localStorage.setItem('demo-run', run);
}

const here = new URL('.', location.href);
converse.initialize({
  jid, password,
  authentication: 'login',
  auto_login: true,
  websocket_url: `ws://${here.host}${here.pathname}xmpp-websocket`,
  discover_connection_methods: false,
  assets_path: `${here.pathname}converse/`,
  view_mode: 'fullscreen',
  i18n: 'en',
  allow_non_roster_messaging: true,
  show_desktop_notifications: false,
  show_self_in_roster: false,
  // The gateway has to read what it carries.
  blacklisted_plugins: ['converse-omemo', 'converse-omemo-views'],
});
