package component

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"causeway/component/componenttest"
)

// TestHandshake plays the opening of a stream as XEP-0114 has it.
func TestHandshake(t *testing.T) {
	for _, c := range []struct{ name, secret, digest string }{
		{"0114.3", "test", "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"},
		{"0114.4", "s&é<", "4371a5cda23516382ad501759a677838e8dab082"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.c.Secret = Secret(c.secret)
			r.start()
			s := r.srv.AcceptRaw()
			h := s.ReadHeader()
			if h["to"] != testDomain || h["xmlns"] != "jabber:component:accept" || h["stream"] != "http://etherx.jabber.org/streams" {
				t.Error("0114.1, 0225.1:", h)
			}
			if _, ok := h["version"]; ok {
				t.Error("0114.15: a version asks for stream features")
			}
			s.Write(s.Header("3BF96D32"))
			if got := s.ReadHandshake(); got != c.digest {
				t.Error("0114.3:", got)
			}
			s.Write("<handshake/>")
			r.rec.want("up")
		})
	}
}

const openStream = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' " +
	"id='3BF96D32' from='" + testDomain + "'>"

// Servers write the same in different ways, and in any pieces.
func TestHandshakeForms(t *testing.T) {
	const decl = "<?xml version='1.0'?>"
	for _, c := range []struct{ name, header, ack string }{
		{"Prosody", decl + openStream, "<handshake/>"},
		{"Openfire", decl + openStream, "<handshake></handshake>"},
		{"no declaration", openStream, "<handshake/>"},
		{"double quotes", strings.ReplaceAll(decl+openStream, "'", `"`), `<handshake xmlns="jabber:component:accept"/>`},
		{"white space", openStream + "\r\n ", " \n<handshake />\n"},
		{"0114.15 features", decl + openStream, "<handshake/><stream:features/>"},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			t.Run(c.name, func(t *testing.T) {
				r := newRig(t)
				r.start()
				s := r.srv.AcceptRaw()
				s.ReadHeader()
				pieces(s, c.header, size)
				s.ReadHandshake()
				pieces(s, c.ack+chat("after"), size)
				r.rec.want("up")
				r.hears("after")
				s.Open()
				r.send("out", 0)
				s.Receive(sent("out"))
			})
		}
	}
}

func pieces(s *componenttest.Conn, text string, size int) {
	for len(text) > 0 {
		n := min(size, len(text))
		s.Write(text[:n])
		text = text[n:]
	}
}

// What is no proper opening is left, and the next try comes.
func TestHandshakeRefused(t *testing.T) {
	const bomb = "<!DOCTYPE lolz [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
	for _, c := range []struct{ name, before, after, log string }{
		{"0114.5 stanza first", openStream, chat("early") + "<handshake/>", "no link"},
		{"6120.2 DTD", bomb + openStream, "", "no link"},
		{"6120.2 entity", strings.Replace(openStream, testDomain, "&c;", 1), "", "no link"},
		{"6120.2 endless header", "<stream:stream a='" + strings.Repeat("x", maxHandshake) + "'", "", "too long"},
		{"6120.2 garbage", "\x16\x03\x01\x00\xff\xff<", "", "no link"},
		{"other protocol", "HTTP/1.1 400 Bad Request\r\n\r\n<html>", "", "no link"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.start()
			s := r.srv.AcceptRaw()
			s.ReadHeader()
			s.Write(c.before)
			if c.after != "" {
				s.ReadHandshake()
				s.Write(c.after)
			}
			s.Open()
			for _, n := range s.Eof() {
				t.Error("the link has sent", n)
			}
			r.logged(c.log)
			r.srv.Accept()
			r.rec.want("up")
		})
	}
}

// Openfire's way to say conflict is a header without an id, then end of file;
// Prosody says why behind such a header (0114.2, 0114.8).
func TestHeaderWithoutID(t *testing.T) {
	for _, c := range []struct{ name, then, condition, log string }{
		{"Openfire", "", "conflict", "another connection serves this domain"},
		{"Prosody", streamError("host-unknown"), "host-unknown", "the server does not know this domain"},
		{"nobody", "<handshake/>", "conflict", "another connection serves this domain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.start()
			line := ""
			for range soon[c.condition] + 1 {
				s := r.srv.AcceptRaw()
				s.ReadHeader()
				s.Write(strings.Replace(openStream, " id='3BF96D32'", "", 1) + c.then)
				s.HalfClose()
				s.Open()
				for _, n := range s.Eof() {
					t.Error("0114.2: the link has sent", n)
				}
				line = r.logged(c.log)
			}
			slowly(t, line)
		})
	}
}

// remote is a connection that leaves the machine.
type remote struct{ net.Conn }

func (remote) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5347} }

func TestPlainWarning(t *testing.T) {
	logs := make(lines, 10)
	l := &Link{log: slog.New(slog.NewTextHandler(logs, nil))}
	l.warnPlain(remote{})
	select {
	case line := <-logs:
		if !strings.Contains(line, "use TLS or a tunnel") {
			t.Error("0225.3:", line)
		}
	default:
		t.Error("0225.3: no warning")
	}
}
