package main_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// mood is a user whose contacts ask, and who does not answer each of them.
type mood struct {
	*scripted
	u     *user
	asked map[string]string // the answer, by contact; "": none
	fresh int               // asked for the first time since the last log-in
}

// module is what a server's file has of its privilege module.
var module = map[string]*regexp.Regexp{
	"prosody":  regexp.MustCompile(`"privilege",?`),
	"ejabberd": regexp.MustCompile(`(?m)^  mod_privilege:\n(    .*\n)+`),
}

// serverFile is the file of its configuration.
var serverFile = map[string]string{"prosody": "prosody.cfg.lua", "ejabberd": "ejabberd.yml"}

// TestRightsComeAndGo starts the server again without its privilege module and
// with it, while the gateway lives. With rights 200 contacts are in the roster
// without a question; without them a few ask. None asks twice, whatever comes
// between, and none that the user has refused.
func TestRightsComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		const contacts, aLogin = 200, 20
		server := lab.Servers[kind](t, peer.Options{})
		file := filepath.Join(server.Dir, serverFile[kind])
		var with string
		edit(t, file, func(text string) string { with = text; return text })
		m := &mood{asked: map[string]string{}}
		granted := func(yes bool) {
			if m.u != nil {
				if err := m.u.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
			edit(t, file, func(string) string {
				if yes {
					return with
				}
				return module[kind].ReplaceAllString(with, "")
			})
			server.Restart()
		}
		granted(false)
		bridge := listed(0)
		m.scripted = newScripted(t, server, bridge)
		m.login()
		m.registers()
		bridge.SetContacts("alice@localhost", people(contacts)...)
		m.u.Do(map[string]any{"do": "presence", "type": "unavailable"})
		m.u.Wait("0100.24: the goodbye", presence(scriptedDomain, "unavailable"))
		m.u.Do(map[string]any{"do": "presence"})
		m.someAsk(aLogin)

		granted(true)
		m.login()
		if kind == "ejabberd" { // 23.01 grants rosters, and refuses every set
			m.someAsk(aLogin)
			granted(false)
			m.login()
			m.someAsk(aLogin)
			return
		}
		m.allPlaced(contacts)
		granted(false)
		bridge.SetContacts("alice@localhost", people(contacts+10)...)
		m.login()
		m.someAsk(10)
		granted(true)
		m.login()
		m.allPlaced(contacts + 10)
	})
}

func (m *mood) login() {
	m.u = &user{Client: lab.SlixmppAt(m.t, m.server, "alice", "", "hesitant"), t: m.t}
	m.fresh = 0
}

// registers has the user and the gateway see each other's presence.
func (m *mood) registers() {
	m.u.Do(map[string]any{"do": "register", "to": scriptedDomain})
	m.u.Wait("0100.7: the question", presence(scriptedDomain, "subscribe"))
	m.u.Do(map[string]any{"do": "presence", "to": scriptedDomain, "type": "subscribed"})
	m.u.Do(map[string]any{"do": "presence", "to": scriptedDomain, "type": "subscribe"})
	m.u.Wait("the gateway in the roster", inRoster(scriptedDomain))
}

// hears takes what comes. A server asks again at each log-in as long as there is
// no answer; that is no question of ours.
func (m *mood) hears(e peer.Event) {
	if popUps([]peer.Event{e}) == 0 {
		return
	}
	answer, again := m.asked[e.From]
	switch {
	case again && answer != "":
		m.t.Errorf("0100.37, 0356.7: %s asks again, after: %s", e.From, answer)
	case !again:
		m.fresh++
		m.asked[e.From] = []string{"subscribed", "unsubscribed", "", ""}[m.fresh%4]
		if answer = m.asked[e.From]; answer != "" {
			m.u.Do(map[string]any{"do": "presence", "to": e.From, "type": answer})
		}
	}
}

// someAsk waits for so many questions since the log-in.
func (m *mood) someAsk(n int) {
	m.t.Helper()
	m.u.until(fmt.Sprint("0100.45: so many questions: ", n), func(e peer.Event) bool {
		m.hears(e)
		return m.fresh == n
	})
	for _, e := range m.quiet(m.u) {
		m.hears(e)
	}
	if m.fresh != n {
		m.t.Errorf("0100.45: %d questions, want %d", m.fresh, n)
	}
}

// allPlaced waits for all in the roster whom the user was not asked about, or to
// whom there was no answer. Then nobody asks at the next log-in.
func (m *mood) allPlaced(n int) {
	m.t.Helper()
	wanted := map[string]func(peer.Event) bool{}
	var jids []string
	for i, p := range people(n) {
		jid := string(p.ID) + "@" + scriptedDomain
		if m.asked[jid] == "" {
			wanted[jid] = pushed(jid, fmt.Sprintf("Person %d", i), "Friends")
			jids = append(jids, jid)
		}
	}
	for _, e := range m.u.gather(wanted) {
		m.hears(e)
	}
	for _, jid := range jids {
		m.asked[jid] = "placed"
	}
	m.u.relogs(scriptedDomain, jids[0])
	for _, e := range m.quiet(m.u) {
		m.hears(e)
	}
	if m.fresh != 0 {
		m.t.Errorf("0356.5-6: %d questions", m.fresh)
	}
}
