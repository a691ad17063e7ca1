package sms

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
)

// said is what the scripts of testdata say.
type said struct {
	Port   int
	Submit *received
	Answer *int
}

// received is a submit as the centre understands it: its text, or the octets
// in hexadecimal.
type received struct {
	From, To, Text, UDH, Octets string
	TON, NPI, Coding            int
}

// centres are SMS centres that others wrote.
var centres = map[string]func(*testing.T) *lab.Lines{
	"node-smpp": func(t *testing.T) *lab.Lines { return lab.Node(t, "testdata/centre.js") },
	"Net::SMPP": func(t *testing.T) *lab.Lines { return lab.Perl(t, "testdata/centre.pl") },
}

func eachCentre(t *testing.T, test func(t *testing.T, l *lab.Lines, address string)) {
	for name, open := range centres {
		t.Run(name, func(t *testing.T) {
			l := open(t)
			var s said
			l.Hear(&s)
			test(t, l, fmt.Sprint("127.0.0.1:", s.Port))
		})
	}
}

// submits hears of n submits, and returns the text that they make.
func submits(t *testing.T, l *lab.Lines, n int) (text string, last *received) {
	t.Helper()
	for n > 0 {
		var s said
		if l.Hear(&s); s.Submit == nil {
			continue
		}
		n--
		last = s.Submit
		if last.Octets == "" {
			text += last.Text
			continue
		}
		data, err := hex.DecodeString(last.Octets)
		if err != nil {
			t.Fatal(err)
		}
		p := piece{script: scriptOf(byte(last.Coding), scriptGSM), data: data}
		if data[0] == 5 {
			p.cutHeader()
		}
		text += decode(p.script, p.data, p.tables)
	}
	return text, last
}

func TestRealCentres(t *testing.T) {
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		b := newBridge(t, config(address))
		h := run(t, b)
		se, err := b.Open(t.Context(), bridges.Account{ID: alice, Self: number})
		if err != nil {
			t.Fatal(err)
		}
		defer se.Close()
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
			got, last := submits(t, l, parts)
			if got != text || last.From != number[1:] || last.To != phone[1:] || last.TON != 1 || last.NPI != 1 {
				t.Errorf("the centre got %q, %+v", got, last)
			}
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
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		b := newBridge(t, config(address))
		h := run(t, b)
		se, err := b.Open(t.Context(), bridges.Account{ID: alice, Self: number})
		if err != nil {
			t.Fatal(err)
		}
		defer se.Close()
		m := message("answer")
		m.Receipt = false
		if _, err := se.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		parts := make([]bridges.Part, 3)
		for range parts {
			p := next(t, h.came).Event.(bridges.Part)
			parts[p.Number-1] = p
		}
		want := strings.Repeat("žluťoučký kůň ", 4) + strings.Repeat("úpěl 🐎 ", 8) + "ďábelské ódy"
		if got := b.Assemble(parts); got.Text != want || got.Chat != phone {
			t.Errorf("the long text is %+v", got)
		}
		if e := next(t, h.came).Event.(bridges.Message); e.Text != "très? 5€ @home" {
			t.Errorf("the short text is %q", e.Text)
		}
		for answers := 0; answers < 4; {
			var s said
			if l.Hear(&s); s.Answer == nil {
				continue
			}
			if answers++; *s.Answer != 0 {
				t.Errorf("the centre was answered %d", *s.Answer)
			}
		}
	})
}

func TestRealCentresRefuse(t *testing.T) {
	eachCentre(t, func(t *testing.T, _ *lab.Lines, address string) {
		c := config(address)
		if err := newBridge(t, c).Check(t.Context()); err != nil {
			t.Errorf("the right password: %v", err)
		}
		c.Connectors[0].SMPP.Password = "wr0ngone"
		err := newBridge(t, c).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), "password") || !strings.Contains(err.Error(), address) || strings.Contains(err.Error(), "wr0ngone") {
			t.Errorf("a wrong password: %v", err)
		}
	})
}
