// Package pager is the network that docs/adding-a-network.md adds: pagers, behind
// an exchange that is asked by HTTP.
package pager

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/settings"
)

// Config is the block of the network in config.yaml.
type Config struct {
	URL      string          `yaml:"url"` // of the exchange
	Password settings.Secret `yaml:"password"`
}

// text is what both sides say: the Key is the sender's, the ID the exchange's.
type text struct{ Key, ID, From, To, Text string }

const maxText, maxAnswer = 2000, 1 << 20 // bytes

// Bridge is one exchange.
type Bridge struct {
	cfg  Config
	http *http.Client
}

var _, _ = bridges.Runner((*Bridge)(nil)), bridges.Resolver((*Bridge)(nil))

// New returns a Bridge that asks nothing until Run.
func New(c Config) *Bridge {
	return &Bridge{c, &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
}

// Info implements bridges.Bridge.
func (b *Bridge) Info() bridges.Info {
	return bridges.Info{Type: "sms", Name: "Pager", Client: "handheld", Example: "10012", Unknown: bridges.Idempotent}
}

func because(k bridges.Kind, text string, cause error) error {
	return &bridges.Error{Kind: k, Text: text, Cause: cause}
}

// Resolve implements bridges.Resolver.
func (b *Bridge) Resolve(local string) (bridges.UserID, error) {
	if len(local) != 5 || strings.Trim(local, "0123456789") != "" {
		return "", because(bridges.Malformed, "A pager number has five digits, such as 10012.", nil)
	}
	return bridges.UserID(local), nil
}

// ask asks the exchange, and decodes what it answers.
func (b *Bridge) ask(ctx context.Context, method, query string, body, answer any) error {
	in, _ := json.Marshal(body)
	r, err := http.NewRequestWithContext(ctx, method, b.cfg.URL+"/texts?"+query, bytes.NewReader(in))
	if err != nil {
		return because(bridges.Internal, "The gateway cannot ask the pager exchange.", err)
	}
	r.SetBasicAuth("causeway", string(b.cfg.Password))
	a, err := b.http.Do(r)
	if err != nil {
		return because(bridges.Unknown, "The pager exchange does not answer.", err)
	}
	defer a.Body.Close()
	switch {
	case a.StatusCode >= http.StatusInternalServerError:
		return because(bridges.Temporary, "The pager exchange is busy.", nil)
	case a.StatusCode != http.StatusOK:
		return because(bridges.Rejected, "The pager exchange does not take this text.", nil)
	case json.NewDecoder(io.LimitReader(a.Body, maxAnswer)).Decode(answer) != nil:
		return because(bridges.Unknown, "The pager exchange answers with nonsense.", nil)
	}
	return nil
}

// Run implements bridges.Runner.
func (b *Bridge) Run(ctx context.Context, host bridges.Host) error {
	defer b.http.CloseIdleConnections()
	have := ""
	for host.Ready(); ctx.Err() == nil; {
		var came []text
		if b.ask(ctx, http.MethodGet, "have="+url.QueryEscape(have), nil, &came) != nil || b.deliver(ctx, host, came) != nil {
			pause, end := context.WithTimeout(ctx, time.Second)
			<-pause.Done()
			end()
		} else if len(came) > 0 {
			have = came[len(came)-1].ID
		}
	}
	return nil
}

// deliver returns nil when all texts are on disk. Only then does the exchange hear
// that we have them.
func (b *Bridge) deliver(ctx context.Context, host bridges.Host, came []text) error {
	var ds []bridges.Delivery
	for _, x := range came {
		account, ok, err := host.Owner(ctx, bridges.UserID(x.To))
		if err != nil {
			return err
		}
		if ok && x.Text != "" {
			m := bridges.Message{ID: bridges.MessageID(x.ID), Chat: bridges.ChatID(x.From), From: bridges.UserID(x.From), Text: x.Text}
			ds = append(ds, bridges.Delivery{Account: account, Event: m})
		}
	}
	return host.Deliver(ctx, ds)
}

// Open implements bridges.Bridge.
func (b *Bridge) Open(_ context.Context, a bridges.Account) (bridges.Session, error) {
	return &session{Bridge: b, self: string(a.Self)}, nil
}

// session sends for one account.
type session struct {
	*Bridge
	self string
	work sync.WaitGroup
}

// Send implements bridges.Session.
func (s *session) Send(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	s.work.Add(1)
	defer s.work.Done()
	_, err := s.Resolve(string(m.Chat))
	if err == nil && len(m.Text) > maxText {
		err = because(bridges.TooLong, "A pager shows 2000 bytes at most.", nil)
	}
	x := text{Key: m.Key, From: s.self, To: string(m.Chat), Text: m.Text}
	if bridges.Waits(ctx); err == nil {
		err = s.ask(ctx, http.MethodPost, "", x, &x)
	}
	if err != nil {
		return nil, err
	}
	return []bridges.MessageID{bridges.MessageID(x.ID)}, nil
}

// Close implements bridges.Session.
func (s *session) Close() error { s.work.Wait(); return nil }
