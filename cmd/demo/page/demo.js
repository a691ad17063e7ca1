// The page begins anew when another run serves it, and says when none does.
let run;
const events = new EventSource('events');
events.addEventListener('message', e => {
  if (run && run !== e.data) location.reload();
  run = e.data;
  document.getElementById('over').hidden = true;
});
events.addEventListener('error', () => { document.getElementById('over').hidden = false; });
