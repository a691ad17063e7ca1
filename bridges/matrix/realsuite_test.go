package matrix

import (
	"context"
	"net"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/takeover"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// person is a bob with a client that nobody here wrote.
type person struct {
	*lab.MatrixClient
	home    *lab.Matrix
	token   string // by which files are uploaded
	picture string // a file
	mu      sync.Mutex
	read    history
	room    map[string]string // the newest in which a ghost is, too
}

// newPerson reads until the test ends.
func newPerson(t *testing.T, m *lab.Matrix, token string) *person {
	c := lab.Nio(t, m, "bob", "autojoin")
	p := &person{MatrixClient: c, home: m, token: token, read: newHistory(), room: map[string]string{}}
	p.picture, _ = picture(t)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		_, _ = c.Nio.Wait(ctx, func(e peer.MatrixEvent) bool { p.sees(t, e); return false }, nil)
	})
	t.Cleanup(func() { cancel(); work.Wait() })
	return p
}

func (p *person) sees(t *testing.T, e peer.MatrixEvent) {
	c, file := utteredIn(e.Content), ""
	if c.URL != "" {
		file = p.download(t, c.URL)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Event == "member" && membership(e.Membership) == joined {
		p.read.named(e.User, c.Name)
	}
	switch {
	case e.Event == "member" && membership(e.Membership).in():
		p.room[e.User] = e.Room
	case e.Event == "member" && p.room[e.User] == e.Room:
		delete(p.room, e.User)
	case e.Event == "typing":
		p.read.typing(e.Room, e.Users)
	case e.Event == "receipt": // its ID is that of what was read
		p.read.read(e.User, e.ID)
	case e.Event == "presence":
		p.read.present(e.User, e.Type, e.Body)
	default:
		p.read.add(happened{e.ID, e.Type, e.Sender, e.Redacts, c, file})
	}
}

// Texts implements bridgetest.Network.
func (p *person) Texts(from bridges.UserID) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return of(p.read.texts, from)
}

// Sees implements bridgetest.Seeing.
func (p *person) Sees(from bridges.UserID) []bridgetest.Act {
	p.mu.Lock()
	defer p.mu.Unlock()
	return of(p.read.sights, from)
}

// Loses implements bridgetest.Losing: Synapse sends a transaction again without its receipts.
func (p *person) Loses() bridges.Can { return bridges.CanReceipts | bridges.CanDisplayed }

// Say implements bridgetest.Network.
func (p *person) Say(_ *testing.T, to bridges.UserID, text string) {
	p.mu.Lock()
	room := p.room[userID(to)]
	p.mu.Unlock()
	if room == "" {
		room = p.CreateDM(userID(to))
		p.mu.Lock()
		p.room[userID(to)] = room
		p.mu.Unlock()
	}
	p.Send(room, text)
}

// The suite that every adapter passes, on a real homeserver, which sees each way
// cut.
func TestRealSuite(t *testing.T) {
	free, err := peer.Ports(2)
	if err != nil {
		t.Fatal(err)
	}
	l, address := new(bridgetest.Line), peer.Local(free[1])
	from := httptest.NewServer(along(t, "http://"+address, passing{line: l, asks: bridgetest.Telling, done: bridgetest.Told}))
	t.Cleanup(from.Close)
	c := setting(t, toHomeserver(t, l, "http://"+peer.Local(free[0])), address)
	c.Appservice.URL = from.URL
	if err := os.Remove(c.Appservice.Registration); err != nil {
		t.Fatal(err)
	}
	if err := c.Registration("matrix.example.org").Write(c.Appservice.Registration); err != nil {
		t.Fatal(err)
	}
	a := adapter(c, new(takeover.Memory), func(_, address string) (net.Listener, error) { return net.Listen("tcp", address) })
	m := lab.Synapse(t, peer.SynapseOptions{Registrations: []string{c.Appservice.Registration}, Port: free[0]})
	a.Network, a.Line, a.Notes = newPerson(t, m, a.Secrets[0]), l, new(bridgetest.Notes)
	bridgetest.RealSuite(t, func(*testing.T) bridgetest.Adapter { return a }, 29)
}
