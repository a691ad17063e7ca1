package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/bridges"
	"causeway/component/componenttest"
	"causeway/mapping"
)

const mallory = "mallory@example.org"

// TestHostile plays the corpus of hostile input as one registered user, with
// alice as its victim. Her texts and answers come before and after each case,
// she is told nothing else, and nothing of hers changes. What ends the stream
// or is skipped by the link is the link's own test.
func TestHostile(t *testing.T) {
	metrics := NewMetrics(prometheus.NewRegistry())
	h := &hostile{rig: newRig(t, func(c *Config) { c.Metrics = metrics })}
	registered(h.store, mallory, "+12025550198")
	for _, c := range componenttest.Corpus(t, "../testdata/hostile") {
		if c.Counter == "ends" || c.Counter == "limit" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			var b strings.Builder
			if err := c.Play(&b, hostileValues); err != nil {
				t.Fatal(err)
			}
			before := h.people(t, mallory)
			h.Write(b.String())
			h.unharmed(t, c.Name)
			if after := h.people(t, mallory); strings.HasPrefix(c.Name, "forged-") && after != before {
				t.Errorf("mallory had %s, and has %s", before, after)
			}
		})
	}
	if n := testutil.ToFloat64(metrics.panics.WithLabelValues(domain)); n != 0 {
		t.Errorf("%v panics", n)
	}
	if q := h.store.(*memStore).state.quarantined; len(q) != 0 {
		t.Errorf("quarantine: %+v", q)
	}
}

var hostileValues = map[string]string{
	"user": mallory + "/x", "mallory": mallory, "victim": alice, "contact": phoneJID, "server": "example.org",
	"domain": domain, "DOMAIN": strings.ToUpper(domain), "other": "matrix.example.org", "asked": "own-1",
}

type hostile struct {
	*rig
	n int
}

// unharmed has alice send a text and ask the gateway. It wants the text on the
// phone, her answer and no other stanza for her, and her account as it was.
func (h *hostile) unharmed(t *testing.T, name string) {
	h.n++
	id := "own-" + strconv.Itoa(h.n)
	h.Send(text(id, "own "+name))
	for {
		m := h.onPhone()
		if m.Text == "own "+name {
			break
		}
		if strings.Contains(m.Text, "forged") {
			t.Errorf("%q went out", m.Text)
		}
	}
	h.Send(`<iq type='get' id='` + id + `' from='` + alice + `/b' to='` + domain + `'><ping xmlns='urn:xmpp:ping'/></iq>`)
	for n := h.Next(); n.Attr["id"] != id; n = h.Next() {
		if strings.HasPrefix(n.Attr["to"], alice) {
			t.Errorf("alice is told %.300s", n)
		}
	}
	if got := h.people(t, alice); got != "+12025550199 []" {
		t.Errorf("alice has %s", got)
	}
}

// people returns the number and the contacts of an account.
func (h *hostile) people(t *testing.T, id bridges.AccountID) string {
	t.Helper()
	a, _, err := h.store.Account(t.Context(), domain, id)
	if err != nil {
		t.Fatal(err)
	}
	contacts := []bridges.ChatID{}
	err = h.store.EachContact(t.Context(), domain, id, func(c mapping.Contact) error {
		contacts = append(contacts, c.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(a.Self, " ", contacts)
}
