package ledger

import "testing"

func TestLedger(t *testing.T) {
	var l Ledger
	for _, c := range []struct {
		conversation string
		n            uint64
		want         Verdict
	}{
		{"a", 0, First},
		{"a", 2, First},
		{"b", 0, First},
		{"a", 1, Late},
		{"a", 1, Again},
		{"a", 200, First},
	} {
		if got := l.Add([]byte(c.conversation), c.n); got != c.want {
			t.Errorf("%s %d: %d, want %d", c.conversation, c.n, got, c.want)
		}
	}
	if got, want := l.Totals(), (Totals{Conversations: 2, Texts: 5, Again: 1, Late: 1, Missing: 197}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	if !l.Has("a", 200) || l.Has("a", 199) || l.Has("c", 0) || l.Has("a", 100000) {
		t.Error("Has disagrees with Add")
	}
}
