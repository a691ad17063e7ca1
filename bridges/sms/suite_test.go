package sms

import (
	"slices"
	"sync"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/takeover"
	"causeway/cmd/handset/smsc"
)

// handset is the phone of the suite: it reads what a centre has for it.
type handset struct {
	centre *smsc.Centre
	mu     sync.Mutex
	read   []smsc.Text
}

func newHandset(t *testing.T) *handset {
	t.Helper()
	h := &handset{}
	var err error
	h.centre, err = smsc.Listen("127.0.0.1:0", smsc.Config{
		SystemID: "causeway", Password: secret, Log: slogDiscard, Changed: func() {}, Text: h.take,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.centre.Close() })
	return h
}

func (h *handset) take(x smsc.Text) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read = append(h.read, x)
}

// Texts implements bridgetest.Network.
func (h *handset) Texts(from bridges.UserID) (texts []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range slices.Clone(h.read) {
		if x.From == string(from) && x.To == phone {
			texts = append(texts, x.Body)
		}
	}
	return texts
}

// Say implements bridgetest.Network.
func (h *handset) Say(t *testing.T, to bridges.UserID, text string) {
	t.Helper()
	if err := h.centre.Send(phone, string(to), text, func(error) {}); err != nil {
		t.Fatal(err)
	}
}

var _, _ bridgetest.Acting = (*handset)(nil), (*office)(nil)

// Act implements bridgetest.Acting: phones tell that they have a text.
func (h *handset) Act(t *testing.T, _ bridges.UserID, a bridgetest.Act) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range h.read {
		if x.Body != a.Of {
			continue
		}
		if err := h.centre.Report(x, smsc.Delivered, func(error) {}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSuite(t *testing.T) {
	for name, keeper := range map[string]func() takeover.Keeper{
		"without a keeper": func() takeover.Keeper { return nil },
		"with a keeper":    func() takeover.Keeper { return new(takeover.Memory) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridgetest.Suite(t, func(t *testing.T) bridgetest.Adapter {
				h := newHandset(t)
				w := newWire(t, h.centre.Address())
				a := adapter(w, keeper())
				a.Network = h
				return a
			})
		})
	}
}

// adapter is what the suite is told of a bridge behind a wire.
func adapter(w *wire, k takeover.Keeper) bridgetest.Adapter {
	c := config(w.Addr().String())
	c.MaxParts = 20
	return bridgetest.Adapter{
		Make: func(t *testing.T, _ bridges.Notes) bridges.Bridge {
			b, err := New(c, slogDiscard, registry(), k)
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
		Line:    w.Line,
		Account: bridges.Account{ID: alice, Self: number},
		Second:  bridges.Account{ID: "carol@example.org", Self: "+12025550198"},
		Chat:    phone, Nobody: "+12025550197",
		Good:    []string{phone, "(202) 555-0100", "12345", "476f;phone-context=alphanumeric"},
		Bad:     []string{"nobody", "+1", "12345;phone-context=xx"},
		Secrets: []string{secret},
	}
}
