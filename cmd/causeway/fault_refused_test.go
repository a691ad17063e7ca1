package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/component"
	"causeway/component/stanza"
)

// secretWrong gives Prosody another secret for the component, and after a while
// the right one: the gateway says what is wrong, keeps all that comes,
// and is back without anybody's help.
func secretWrong(k *traffic) {
	k.secret(peer.Secret, "other")
	lab.Await(k.t, "the secret is wrong", func() bool {
		err := k.gateway.ready()
		if err == nil { // the server has not read its configuration yet
			k.link.Reset()
		}
		return err != nil && strings.Contains(err.Error(), "wrong secret for "+domain)
	})
	k.secret("other", peer.Secret)
	k.back()
}

// secretAtFirst starts the gateway with another secret, and then with the right
// one.
func secretAtFirst(k *traffic) {
	for _, secret := range []string{"other", peer.Secret} {
		k.gateway.stop()
		k.gateway.configure(func(s *settings) { s.Secret = secret })
		k.gateway.launch(func() error { return nil })
		if secret != peer.Secret {
			k.gateway.awaitDown("wrong secret for " + domain)
			<-time.After(meanwhile)
		}
	}
	k.up()
}

// back waits for a link that was refused, which is tried again after up to a
// minute.
func (k *traffic) back() {
	k.t.Helper()
	late := time.After(2 * patience)
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	for err := k.gateway.ready(); err != nil; err = k.gateway.ready() {
		select {
		case <-beat.C:
		case <-late:
			k.t.Fatalf("the link is not back: %v", err)
		}
	}
}

// conflict: a second component takes the domain while the gateway is away, and
// leaves after a while.
func conflict(k *traffic) {
	k.link.Shut(true)
	k.link.Reset()
	k.gateway.awaitDown("XMPP server")
	leave := k.rival()
	k.link.Shut(false)
	k.gateway.awaitDown("another connection serves this domain")
	leave()
	k.back()
}

// replaced: the server lets a second component in and throws the gateway out,
// which does not fight if it is told why: Prosody 0.12 loses its stream error
// when it has to read meanwhile.
func replaced(k *traffic) {
	before := k.gateway.count(linked)
	leave := k.rival()
	lab.Await(k.t, "the gateway is thrown out", func() bool {
		err := k.gateway.ready()
		return k.gateway.count(linked) > before || err != nil && strings.Contains(err.Error(), "another connection serves this domain")
	})
	leave()
	k.back()
}

// rival serves the domain, badly, until it leaves.
func (k *traffic) rival() (leave func()) {
	k.t.Helper()
	r := &rival{up: make(chan struct{}, 1)}
	link := component.New(component.Config{
		Domain: domain, Address: k.server.Component, Secret: peer.Secret,
	}, r, r)
	ctx, cancel := context.WithCancel(k.t.Context())
	var run sync.WaitGroup
	run.Go(func() { link.Run(ctx) })
	k.happened(r.up)
	return func() {
		cancel()
		run.Wait()
	}
}

// rival is a component that throws everything away.
type rival struct{ up chan struct{} }

func (r *rival) Up(bool)                                                  { r.up <- struct{}{} }
func (r *rival) Handle(*stanza.Stanza, component.Key)                     {}
func (r *rival) Settled(_ []component.Key, done func())                   { done() }
func (r *rival) Down(error)                                               {}
func (r *rival) Append(context.Context, *component.Cycle) (uint64, error) { return 1, nil }
func (r *rival) Last(context.Context, uint64) (uint64, error)             { return 0, nil }

// secret changes the secret of the component in Prosody's configuration.
func (k *traffic) secret(from, to string) {
	k.t.Helper()
	const line = "component_secret = %q"
	file := filepath.Join(k.server.Dir, "prosody.cfg.lua")
	text, err := os.ReadFile(file)
	if err != nil {
		k.t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(text), fmt.Sprintf(line, from), fmt.Sprintf(line, to))
	if changed == string(text) {
		k.t.Fatal("the configuration has no such secret")
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		k.t.Fatal(err)
	}
	if err := syscall.Kill(k.server.PID(), syscall.SIGHUP); err != nil {
		k.t.Fatal(err)
	}
}
