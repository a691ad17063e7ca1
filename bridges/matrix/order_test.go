package matrix

import (
	"fmt"
	"strings"
	"testing"

	"causeway/bridges/takeover"
)

// What comes, as numbers of transactions: with ! one that the gateway does not
// take, with - one that is refused for a gap, and before that ~ when it is the first
// over its connection. A new process comes between them.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, came string }{
		{"one after the other", "5 6 7"},
		{"one comes again", "1 2 2 3"},
		{"a successor goes on", "1 2 new 3 4 new 5"},
		{"killed before the answer", "5 new 5 6"},
		{"killed in the middle: the next one overtakes", "5 new -7 6 7 8"},
		{"and so does the one after it", "4 new -7 -8 5 6 7 8 9"},
		{"one was not taken", "1 !2 -3 2 3 4"},
		{"the first was not taken", "!1 -2 1 2"},
		{"a gap without a reason", "1 2 -4 3 4 5"},
		{"the numbers are shared", "1 -5 5 9 12 !13 -20 13 20 new -25 25 new 25"},
		{"no numbers", "a b new a"},
		{"the homeserver begins anew", "100 101 ~1 2 !3 -4 3 4 new -6 5 6"},
		{"it does, and one overtakes another", "100 new ~-2 1 2 3"},
		{"it does while we are killed", "100 ~!1 new -2 1 2 -4 3 4"},
		{"it begins anew behind 1", "100 ~-7 7 8 -10"},
		{"it repeats what it has over another connection", "100 101 ~100 102"},
	} {
		keeper, o := new(takeover.Memory), new(order)
		for _, x := range append([]string{"new"}, strings.Fields(c.came)...) {
			id, fresh := strings.CutPrefix(x, "~")
			id, refused := strings.CutPrefix(id, "-")
			id, fails := strings.CutPrefix(id, "!")
			switch {
			case x == "new":
				o = new(order)
				if err := o.goOn(keeper); err != nil {
					t.Fatal(err)
				}
			case o.admit(id, fresh) == refused:
				t.Errorf("%s: %s, %s", c.name, x, fmt.Sprintf("%+v", o))
			case fails:
				o.failed(id)
			case !refused:
				o.took(id)
			}
		}
	}
}
