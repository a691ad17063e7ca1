package gateway

import (
	"log/slog"
	"strings"
	"sync"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
	"causeway/component/xep/privilege"
)

const (
	areaPrivileges = "gateway/privileges/1"

	// silentLimit is how many requests in a row a host leaves without an answer
	// before it is taken to refuse them.
	silentLimit = 3

	// privilegesSize bounds what is noted: some dozens of hosts.
	privilegesSize = 4096
)

// The flags of a host in the note: what one means never changes.
const (
	grantsOld byte = 1 << iota // speaks privilege.NS1
	grantsRoster
	grantsMessage
	grantsUpload
)

// privileges are what servers grant us, by host. Servers say it once, at the
// start of a stream, so that it is noted: who adopts the stream does not hear it
// again (xeps.md 0356.2).
type privileges struct {
	mu     sync.Mutex
	byHost map[string]privilege.Rights
	said   map[string]int    // how often a host has said what it grants
	silent map[[2]string]int // requests in a row without an answer, by host and type
	// closed: the host refused to complete what a user added, since it last said
	// what it grants. What it lets us read stays good.
	closed map[string]bool
	slot   *takeover.Slot
}

// newPrivileges takes over what a predecessor noted in k.
func newPrivileges(k takeover.Keeper, log *slog.Logger) *privileges {
	area, err := k.Area(areaPrivileges, takeover.SlotSize(privilegesSize))
	if err != nil {
		log.Error("no note of what servers grant: a successor will not know it", "err", err)
		area = make([]byte, takeover.SlotSize(privilegesSize))
	}
	slot := takeover.NewSlot(area)
	return &privileges{byHost: decodePrivileges(slot.Get()), said: map[string]int{}, silent: map[[2]string]int{}, closed: map[string]bool{}, slot: slot}
}

// forget takes all back: a new stream begins.
func (p *privileges) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.byHost)
	clear(p.silent)
	clear(p.closed)
	p.slot.Clear()
}

// set replaces what a host grants. False: there is no room to note it, and
// nothing is granted.
func (p *privileges) set(host string, r privilege.Rights) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said[strings.Clone(host)]++
	delete(p.closed, host)
	return p.put(host, r)
}

// age tells apart what a host has said at different times: see lose.
func (p *privileges) age(host string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said[host]
}

// closes notes that a host does not complete what its users add, as lose does.
func (p *privileges) closes(host string, age int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said[host] == age {
		p.closed[strings.Clone(host)] = true
	}
}

// completes tells whether a host puts into rosters, as far as it is known, what
// lacks of a contact that a user has added.
func (p *privileges) completes(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byHost[host].Roster && !p.closed[host]
}

func (p *privileges) put(host string, r privilege.Rights) bool {
	p.byHost[strings.Clone(host)] = r
	b := encodePrivileges(p.byHost)
	if len(b) > privilegesSize {
		delete(p.byHost, host)
		return false
	}
	p.slot.Set(b)
	return true
}

func (p *privileges) of(host string) privilege.Rights {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byHost[host]
}

// answers counts the requests of a type that a host leaves without an answer.
func (p *privileges) answers(host, typ string, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answered {
		delete(p.silent, [2]string{host, typ})
		return
	}
	p.silent[[2]string{host, typ}]++
}

// isSilent tells whether those are too many.
func (p *privileges) isSilent(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.silent[[2]string{host, "get"}], p.silent[[2]string{host, "set"}]) >= silentLimit
}

// lose has a host grant no more than keeps leaves of it until it says anew what
// it grants: it refuses, or does not answer (xeps.md 0356.10, F3). If it has said
// so since the request, at that age, the request tells nothing of it.
func (p *privileges) lose(host string, age int, keeps func(privilege.Rights) privilege.Rights) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said[host] == age {
		p.put(host, keeps(p.byHost[host]))
	}
}

func noRoster(r privilege.Rights) privilege.Rights {
	r.Roster = false
	return r
}

func noUpload(r privilege.Rights) privilege.Rights {
	r.Upload = false
	return r
}

// rights returns what a host grants us for its users.
func (g *Gateway) rights(host string) privilege.Rights { return g.privileges.of(host) }

// hearRights takes what a host says that it grants (xeps.md 0356.1-2). Only the
// server of users who may use the gateway is believed, and only in a stanza from
// its bare domain, which no user can send.
func (g *Gateway) hearRights(s *stanza.Stanza) {
	if s.Kind != stanza.Message || s.To != g.domain || s.Type == "error" || strings.ContainsAny(s.From, "@/") || !g.serves(s.From) {
		return
	}
	r, ok := privilege.Find(s)
	if !ok {
		return
	}
	if !g.privileges.set(s.From, r) {
		g.log.Error("too many hosts grant rights: this one is not heard", "host", s.From)
		return
	}
	if r.Roster {
		g.placeAllLater(s.From)
	}
	g.log.Info("rights granted", "host", s.From, "roster", r.Roster, "message", r.Message, "upload", r.Upload)
}

// placeAllLater has the contacts of all users of a host put into their rosters
// who are there; the others' turn comes when they are.
func (g *Gateway) placeAllLater(host string) {
	for _, id := range g.people.online() {
		if hostOf(id) == host {
			g.placeLater(id)
		}
	}
}

// encodePrivileges writes each host with its flags and its length before.
func encodePrivileges(m map[string]privilege.Rights) (b []byte) {
	for host, r := range m {
		var flags byte
		if r.NS == privilege.NS1 {
			flags |= grantsOld
		}
		if r.Roster {
			flags |= grantsRoster
		}
		if r.Message {
			flags |= grantsMessage
		}
		if r.Upload {
			flags |= grantsUpload
		}
		b = append(b, flags, byte(len(host)>>8), byte(len(host)))
		b = append(b, host...)
	}
	return b
}

// decodePrivileges reads what encodePrivileges wrote, up to the first place
// that it cannot have written.
func decodePrivileges(b []byte) map[string]privilege.Rights {
	m := map[string]privilege.Rights{}
	for len(b) > 3 {
		n := 3 + int(b[1])<<8 + int(b[2])
		if n == 3 || n > len(b) {
			break
		}
		r := privilege.Rights{
			NS: privilege.NS, Roster: b[0]&grantsRoster != 0, Message: b[0]&grantsMessage != 0, Upload: b[0]&grantsUpload != 0,
		}
		if b[0]&grantsOld != 0 {
			r.NS = privilege.NS1
		}
		m[string(b[3:n])] = r
		b = b[n:]
	}
	return m
}
