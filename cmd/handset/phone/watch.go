package phone

import "encoding/json"

// event is what a watcher is told: a whole State, or one Message.
type event struct {
	name string
	data []byte
}

// watcher is a page that is open. Its channel is closed when it does not keep
// up; it shall then begin anew.
type watcher struct{ events chan event }

// watch returns a watcher whose first event is the state.
func (p *Phone) watch() *watcher {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &watcher{make(chan event, 64)}
	p.watchers[w] = true
	p.tellOne(w, encode("state", p.state()))
	return w
}

func (p *Phone) unwatch(w *watcher) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(w)
}

func (p *Phone) drop(w *watcher) {
	if p.watchers[w] {
		delete(p.watchers, w)
		close(w.events)
	}
}

// tell tells all watchers. mu is held.
func (p *Phone) tell(name string, v any) {
	e := encode(name, v)
	for w := range p.watchers {
		p.tellOne(w, e)
	}
}

func (p *Phone) tellOne(w *watcher, e event) {
	select {
	case w.events <- e:
	default:
		p.drop(w)
	}
}

func encode(name string, v any) event {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	return event{name, data}
}
