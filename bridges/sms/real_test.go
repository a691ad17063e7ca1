package sms

import (
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
)

// eachCentre runs a test with each SMS centre that others wrote.
func eachCentre(t *testing.T, test func(t *testing.T, c *lab.Centre)) {
	for name, with := range lab.Centres {
		t.Run(name, func(t *testing.T) { test(t, lab.StartCentre(t, with, secret)) })
	}
}

// submits waits for n submits, and returns the text that they make.
func submits(c *lab.Centre, n int) (text string, all []lab.CentreEvent) {
	for range n {
		e := c.Next("submit")
		text += e.Text
		all = append(all, e)
	}
	return text, all
}

// reportAll reports the parts of a text as delivered, in ways that centres have.
func reportAll(t *testing.T, c *lab.Centre, parts []lab.CentreEvent) {
	t.Helper()
	for i, p := range parts {
		way := c.Report
		if i%2 == 1 {
			way = c.BareReport
		}
		if status := way(p, true); status != 0 {
			t.Errorf("report %d is answered by %#x", i, status)
		}
	}
}

func TestRealCentres(t *testing.T) {
	eachCentre(t, func(t *testing.T, c *lab.Centre) {
		b := newBridge(t, config(c.Address))
		h := run(t, b)
		se := open(t, b)
		for text, parts := range map[string]int{
			"5€ @home, très {or} not":              1,
			"ż🙂":                                   1,
			strings.Repeat("Grüße [an] alle ", 25): 3,
			strings.Repeat("Здравствуй 🙂 ", 12):    3,
		} {
			ids, err := se.Send(t.Context(), message(text))
			if err != nil || len(ids) != parts {
				t.Fatal(ids, err)
			}
			got, all := submits(c, parts)
			last := all[parts-1]
			if got != text || last.From != number[1:] || last.To != phone[1:] || last.TON != 1 || last.NPI != 1 {
				t.Errorf("the centre got %q, %+v", got, last)
			}
			reportAll(t, c, all)
			var reported []bridges.MessageID
			for range ids {
				e := next(t, h.came).Event.(bridges.Receipt)
				if e.State != bridges.Delivered || e.Chat != phone {
					t.Errorf("the receipt is %+v", e)
				}
				reported = append(reported, e.ID)
			}
			if slices.Sort(reported); !slices.Equal(reported, slices.Sorted(slices.Values(ids))) {
				t.Errorf("receipts for %q, not %q", reported, ids)
			}
		}
	})
}

func TestRealCentresAnswer(t *testing.T) {
	eachCentre(t, func(t *testing.T, c *lab.Centre) {
		b := newBridge(t, config(c.Address))
		h := run(t, b)
		open(t, b)
		long := strings.Repeat("žluťoučký kůň ", 4) + strings.Repeat("úpěl 🐎 ", 8) + "ďábelské ódy"
		for name, send := range map[string]func(from, to, text string) int{"in order": c.Text, "shuffled": c.Shuffled} {
			if status := send(phone[1:], number[1:], long); status != 0 {
				t.Errorf("%s: the client answers %#x", name, status)
			}
			parts := []bridges.Part{next(t, h.came).Event.(bridges.Part)}
			for range parts[0].Total - 1 {
				parts = append(parts, next(t, h.came).Event.(bridges.Part))
			}
			slices.SortFunc(parts, func(a, b bridges.Part) int { return int(a.Number) - int(b.Number) })
			if got := b.Assemble(parts); len(parts) < 3 || got.Text != long || got.Chat != phone {
				t.Errorf("%s: the long text is %+v, of %d parts", name, got, len(parts))
			}
		}
		const short = "très? 5€ @home"
		if status := c.GSM(phone[1:], number[1:], short); status != 0 {
			t.Errorf("the client answers %#x", status)
		}
		if e := next(t, h.came).Event.(bridges.Message); e.Text != short {
			t.Errorf("the short text is %q", e.Text)
		}
	})
}

func TestRealCentresRefuse(t *testing.T) {
	eachCentre(t, func(t *testing.T, centre *lab.Centre) {
		c := config(centre.Address)
		if err := newBridge(t, c).Check(t.Context()); err != nil {
			t.Errorf("the right password: %v", err)
		}
		c.Connectors[0].SMPP.Password = "wr0ngone"
		err := newBridge(t, c).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), "password") || !strings.Contains(err.Error(), centre.Address) || strings.Contains(err.Error(), "wr0ngone") {
			t.Errorf("a wrong password: %v", err)
		}
	})
}
