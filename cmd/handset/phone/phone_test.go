package phone

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"causeway/cmd/handset/smsc"
	"causeway/cmd/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	number  = "+12025550100"
	gateway = "+12025550199"
)

// said is what testdata/client.js tells.
type said struct {
	Event, ID, From, To, Text string
	Status, Esm, Coding       int
	State                     int
}

func newPhone(t *testing.T) *Phone {
	p, err := New(Config{
		SMPP: "127.0.0.1:0", Password: "secret", Number: number, Peer: gateway,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// connect binds a node-smpp client.
func connect(t *testing.T, p *Phone, password string) *lab.Lines {
	_, port, err := net.SplitHostPort(p.Address())
	if err != nil {
		t.Fatal(err)
	}
	return lab.Node(t, "testdata/client.js", port, password)
}

// wait returns the next thing of a kind that the client tells.
func wait(t *testing.T, l *lab.Lines, event string) said {
	t.Helper()
	for {
		var s said
		if l.Hear(&s); s.Event == event {
			return s
		}
	}
}

// next returns the next message that fits a condition.
func next(t *testing.T, w *watcher, fits func(Message) bool) Message {
	t.Helper()
	for {
		select {
		case e, open := <-w.events:
			var m Message
			if !open {
				t.Fatal("the watcher was dropped")
			}
			if e.name != "message" || json.Unmarshal(e.data, &m) != nil || !fits(m) {
				continue
			}
			return m
		case <-t.Context().Done():
			t.Fatal("nothing came")
		}
	}
}

func TestTextsAndReports(t *testing.T) {
	p := newPhone(t)
	w := p.watch()
	client := connect(t, p, "secret")
	if s := wait(t, client, "bound"); s.Status != 0 || !p.State().Bound {
		t.Fatalf("bind: status %#x, bound %v", s.Status, p.State().Bound)
	}
	for name, c := range map[string]struct {
		send map[string]any
		want string
	}{
		"GSM alphabet": {map[string]any{"hex": "68690041021b65"}, "hi@A$€"},
		"UCS-2":        {map[string]any{"hex": "d83dde000041", "coding": 8}, "😀A"},
		"Latin-1":      {map[string]any{"hex": "e9", "coding": 3}, "é"},
		"empty":        {map[string]any{"text": ""}, ""},
		"broken UCS-2": {map[string]any{"hex": "41", "coding": 8}, "\uFFFD"},
	} {
		send := map[string]any{"do": "submit", "from": gateway, "to": number, "report": 1}
		for k, v := range c.send {
			send[k] = v
		}
		client.Tell(send)
		id := wait(t, client, "submitted").ID
		m := next(t, w, func(m Message) bool { return m.Stage == Waiting })
		if m.Text != c.want {
			t.Errorf("%s: got %q, want %q", name, m.Text, c.want)
		}
		if _, err := p.Report(m.ID, smsc.Delivered); err != nil {
			t.Fatal(err)
		}
		r := wait(t, client, "deliver")
		if r.ID != id || r.State != 2 || r.Esm != 4 || r.From != number[1:] || r.To != gateway[1:] {
			t.Errorf("%s: report %+v for %s", name, r, id)
		}
	}
}

func TestLongTextOutOfOrder(t *testing.T) {
	p := newPhone(t)
	w := p.watch()
	client := connect(t, p, "secret")
	wait(t, client, "bound")
	// The emoji is cut in two by the parts, as some senders do.
	parts := []string{"0500034203010041d83d", "050003420302de000042", "0500034203030043"}
	for _, i := range []int{2, 0, 0, 1} {
		client.Tell(map[string]any{"do": "submit", "from": gateway, "to": number, "report": 1, "esm": 64, "coding": 8, "hex": parts[i]})
		wait(t, client, "submitted")
	}
	m := next(t, w, func(m Message) bool { return m.Kind == Received })
	if m.Text != "A😀BC" || m.Parts != 3 {
		t.Errorf("got %q in %d parts", m.Text, m.Parts)
	}
	if _, err := p.Report(m.ID, smsc.Delivered); err != nil {
		t.Fatal(err)
	}
	for range parts {
		if r := wait(t, client, "deliver"); r.State != 2 {
			t.Errorf("report %+v", r)
		}
	}
}

func TestDeadNumber(t *testing.T) {
	p := newPhone(t)
	client := connect(t, p, "secret")
	wait(t, client, "bound")
	client.Tell(map[string]any{"do": "submit", "from": gateway, "to": "+12025550404", "report": 1, "text": "anyone?"})
	r := wait(t, client, "deliver")
	if r.State != 5 {
		t.Errorf("report %+v, want UNDELIV", r)
	}
	if m := p.State().Messages; len(m) != 1 || m[0].Kind != Lost {
		t.Errorf("the page shows %+v", m)
	}
}

func TestSend(t *testing.T) {
	p := newPhone(t)
	w := p.watch()
	long := strings.Repeat("0123456789", 16) + "€"
	for _, text := range []string{"short", "żółw", long} { // before anybody is bound
		if _, err := p.Send(gateway, text); err != nil {
			t.Fatal(err)
		}
	}
	client := connect(t, p, "secret")
	for _, want := range []struct {
		text   string
		coding int
	}{{"short", 0}, {"żółw", 8}, {long[:153], 0}, {long[153:], 0}} {
		got := wait(t, client, "deliver")
		if got.From != number[1:] || got.To != gateway[1:] || got.Text != want.text || got.Coding != want.coding {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	next(t, w, func(m Message) bool { return m.Text == long && m.Stage == Accepted })
}

func TestWrongPassword(t *testing.T) {
	p := newPhone(t)
	client := connect(t, p, "guess")
	if s := wait(t, client, "bound"); s.Status != 0x0E {
		t.Errorf("status %#x, want ESME_RINVPASWD", s.Status)
	}
}

func TestAPI(t *testing.T) {
	p := newPhone(t)
	s := httptest.NewServer(p.Handler())
	defer s.Close()
	for name, c := range map[string]struct {
		method, path, body, host, origin string
		want                             int
	}{
		"page":             {method: "GET", path: "/", want: 200},
		"state":            {method: "GET", path: "/api/state", want: 200},
		"send":             {method: "POST", path: "/api/messages", body: `{"to":"+1202","text":"x"}`, want: 200},
		"send nothing":     {method: "POST", path: "/api/messages", body: `{"to":"+1202","text":""}`, want: 409},
		"unknown key":      {method: "POST", path: "/api/messages", body: `{"too":"+1202"}`, want: 400},
		"no such message":  {method: "POST", path: "/api/messages/9/report", body: `{"state":"DELIVRD"}`, want: 409},
		"no such state":    {method: "POST", path: "/api/messages/1/report", body: `{"state":"FINE"}`, want: 409},
		"settings":         {method: "PUT", path: "/api/settings", body: `{"confirm":false}`, want: 200},
		"foreign name":     {method: "GET", path: "/api/state", host: "evil.example", want: 403},
		"foreign web site": {method: "PUT", path: "/api/settings", body: `{}`, origin: "http://evil.example", want: 403},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, bytes.NewBufferString(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if r.Header.Set("Origin", c.origin); c.origin == "" {
				r.Header.Del("Origin")
			}
			r.Host = c.host
			resp, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != c.want {
				t.Errorf("status %d, want %d", resp.StatusCode, c.want)
			}
		})
	}
}
