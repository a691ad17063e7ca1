package lab_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestPrivilege: a component is told of its rights and may read a roster
// (xeps.md 0356.1), or neither.
func TestPrivilege(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		c := join(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), "sms.localhost")
		if privileged {
			c.until("urn:xmpp:privilege:")
		}
		c.say("<iq type='get' id='r1' from='sms.localhost' to='alice@localhost'><query xmlns='jabber:iq:roster'/></iq>")
		answer := c.until("</iq>", "<iq[^>]*/>")
		if got := !strings.Contains(answer, "<error"); got != privileged {
			t.Errorf("the answer is %s", answer)
		}
		if got := strings.Contains(c.heard.String(), "urn:xmpp:privilege:"); got != privileged {
			t.Errorf("the server says %s", &c.heard)
		}
	})
}

// wire is the connection of a component of which only the text is seen.
type wire struct {
	t     *testing.T
	conn  net.Conn
	in    *bufio.Reader
	heard strings.Builder
}

// join connects a component (XEP-0114).
func join(t *testing.T, s *lab.Server, domain string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", s.Component)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, conn: conn, in: bufio.NewReader(conn)}
	w.say("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='" + domain + "'>")
	header := w.until("<stream:stream[^>]*>")
	id := regexp.MustCompile(` id=['"]([^'"]*)`).FindStringSubmatch(header)
	if id == nil {
		t.Fatalf("no id in %s", header)
	}
	sum := sha1.Sum([]byte(id[1] + peer.Secret))
	w.say("<handshake>" + hex.EncodeToString(sum[:]) + "</handshake>")
	w.until("<handshake */>", "</handshake>")
	return w
}

func (w *wire) say(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.conn, text); err != nil {
		w.t.Fatal(err)
	}
}

// until reads until what was read since matches one of the patterns, and
// returns it.
func (w *wire) until(patterns ...string) string {
	w.t.Helper()
	wanted := regexp.MustCompile(strings.Join(patterns, "|"))
	var text strings.Builder
	for !wanted.MatchString(text.String()) {
		b, err := w.in.ReadByte()
		if err != nil {
			w.t.Fatal(fmt.Errorf("%w after %s", err, &text))
		}
		text.WriteByte(b)
		w.heard.WriteByte(b)
	}
	return text.String()
}
