package matrix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/client"
)

// Check implements bridges.Checker. Where nobody listens for the homeserver now,
// it does so itself while it lasts.
func (b *Bridge) Check(ctx context.Context) error {
	if _, err := b.server.Versions(ctx); err != nil {
		return b.explain(err)
	}
	bot, err := b.server.WhoAmI(ctx)
	if err != nil {
		return b.explain(err)
	}
	if want := userID(b.ghosts.bot); bot != want {
		return fmt.Errorf("the homeserver calls the bridge %s, not %s: homeserver.name is wrong, or the registration is another bridge's", bot, want)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", b.cfg.Appservice.Listen)
	if err != nil {
		return b.ping(ctx, 0) // it is in use: by the bridge, as far as we know
	}
	s := appservice.NewServer(b.served(deaf{}))
	var wg sync.WaitGroup
	wg.Go(func() { err = s.Serve(l) })
	pinged := b.ping(ctx, 0)
	closed := s.Close(ctx)
	wg.Wait()
	return errors.Join(pinged, closed, err)
}

// deaf takes nothing: what the homeserver has is for Run.
type deaf struct{}

var errDeaf = errors.New("only pings are answered now")

func (deaf) Transaction(context.Context, *appservice.Transaction) error { return errDeaf }
func (deaf) HasUser(context.Context, string) (bool, error)              { return false, errDeaf }
func (deaf) HasAlias(context.Context, string) (bool, error)             { return false, errDeaf }

// explain says in words for the administrator what is wrong, and on which side.
func (b *Bridge) explain(err error) error {
	var e *client.Error
	if !errors.As(err, &e) {
		return err
	}
	file := b.cfg.Appservice.Registration
	switch {
	case e.Code == "M_CONNECTION_FAILED", e.Code == "M_CONNECTION_TIMEOUT":
		return fmt.Errorf("the homeserver does not reach the bridge at %s, the url in %s: %w", b.registration.URL, file, err)
	case e.Code == "M_BAD_STATUS":
		return fmt.Errorf("what answers the homeserver at %s is another program, or has another hs_token: let both read %s again: %w", b.registration.URL, file, err)
	case e.Code == "M_URL_NOT_SET":
		return fmt.Errorf("the homeserver has no url for the bridge: let it read %s again: %w", file, err)
	case e.Status == http.StatusUnauthorized:
		return fmt.Errorf("the homeserver does not know the as_token: let it read %s, and start it again: %w", file, err)
	case e.Status == http.StatusForbidden:
		return fmt.Errorf("the homeserver knows the as_token under another id than %q: let it read %s again: %w", b.registration.ID, file, err)
	}
	return fmt.Errorf("the homeserver at %s: %w", b.cfg.Homeserver.URL, err)
}
