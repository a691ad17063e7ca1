package lab

import (
	"embed"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
)

//go:embed centre.js centre.pl
var centreScripts embed.FS

// Centres are SMS centres that nobody here wrote, by name.
var Centres = map[string]peer.Interpreter{"node-smpp": peer.Node, "Net::SMPP": peer.Perl}

// Centre is a running SMS centre. It accepts each text and does nothing else
// by itself.
type Centre struct {
	*Lines
	Address string // host:port
	t       testing.TB
	with    peer.Interpreter
	answers []CentreEvent // deliver_sm_resp that nobody has waited for
	submits []CentreEvent
	tag     int
	first   int // the ids of the texts that it takes next are above
}

// CentreEvent is what a centre saw. Fields that do not belong to it are empty.
type CentreEvent struct {
	Event    string // ready, bound, unbound, gone, armed, submit, answer
	ID       string // of a submit_sm; of a bind, its system_id
	From, To string
	TON, NPI int    // of From
	Text     string // decoded, of short_message or message_payload
	UDH      string // user data header without its length, hex
	Octets   string // that are UDH and Text, hex
	ESM      int    // esm_class
	Coding   int    // data_coding
	Report   int    // registered_delivery
	SAR      []int  // reference, total and number of a segment
	Tag      int    // of the delivery that the client answers
	Status   int    // command_status; -1: nobody is bound, or another than was meant
	Bind     int    // of a bind, its number: a delivery that names one goes over no other
}

// StartCentre starts a centre that wants that password.
func StartCentre(t testing.TB, with peer.Interpreter, password string) *Centre {
	t.Helper()
	ports, err := peer.Ports(1)
	if err != nil {
		t.Fatal(err)
	}
	c := &Centre{Address: peer.Local(ports[0]), t: t, with: with}
	c.Restart(password)
	return c
}

// Restart starts a centre again, after Stop or Kill, on the same port. It gives
// no id a second time.
func (c *Centre) Restart(password string) {
	c.t.Helper()
	name := map[peer.Interpreter]string{peer.Node: "centre.js", peer.Perl: "centre.pl"}[c.with]
	text, err := centreScripts.ReadFile(name)
	if err != nil {
		c.t.Fatal(err)
	}
	file := filepath.Join(c.t.TempDir(), name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.Lines = script(c.t, c.with, file, []string{c.Address[strings.LastIndexByte(c.Address, ':')+1:], password, strconv.Itoa(c.first)})
	c.first += 1 << 20
	c.Next("ready")
}

// Next returns the next event of that kind. Texts and answers that come before
// it are kept, other events are forgotten.
func (c *Centre) Next(event string) CentreEvent {
	c.t.Helper()
	kept := map[string]*[]CentreEvent{"submit": &c.submits, "answer": &c.answers}
	if q := kept[event]; q != nil && len(*q) > 0 {
		e := (*q)[0]
		*q = (*q)[1:]
		return e
	}
	for {
		var e CentreEvent
		c.Hear(&e)
		if e.Event == event {
			return e
		}
		if q := kept[e.Event]; q != nil {
			*q = append(*q, e)
		}
	}
}

// None checks that no text has come that the test has not taken.
func (c *Centre) None() {
	c.t.Helper()
	for _, e := range c.submits {
		c.t.Errorf("another text came: %+v", e)
	}
}

// Fault makes the centre refuse the next text with that command_status.
func (c *Centre) Fault(status int) {
	c.t.Helper()
	c.Tell(map[string]any{"do": "fault", "status": status})
	c.Next("armed") // a text must not overtake it
}

// Refuse makes the centre refuse all texts with that command_status, from soon
// after; 0 ends that.
func (c *Centre) Refuse(status int) { c.Tell(map[string]any{"do": "refuse", "status": status}) }

// Unbind makes the centre end the bind in order.
func (c *Centre) Unbind() { c.Tell(map[string]any{"do": "unbind"}) }

// Reset makes the centre reset the connection.
func (c *Centre) Reset() { c.Tell(map[string]any{"do": "reset"}) }

// Await blocks until f is true, asking again and again for two minutes at most.
func Await(t testing.TB, what string, f func() bool) {
	t.Helper()
	ctx := within(t)
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			t.Fatalf("in vain waited for: %s", what)
		case <-beat.C:
		}
	}
}
