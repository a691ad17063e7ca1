// Package matrix is the network of Matrix: an application service of one
// homeserver, whose users stand for the users of XMPP, and the rooms in which they
// talk to people of Matrix, two in each.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/client"
	"causeway/bridges/takeover"
)

// Deps is what a Bridge needs of the program. For Check alone Notes may be nil.
type Deps struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Notes   bridges.Notes
	// Listen returns the listener of a name at an address, which may outlive the
	// process.
	Listen func(name, address string) (net.Listener, error)
	// Elsewhere carries requests for files to where the homeserver sends us, and
	// judges where it connects to. Nil: we go nowhere.
	Elsewhere http.RoundTripper
	// Keeper remembers where a successor goes on. Nil: there is no keeper.
	Keeper takeover.Keeper
}

// Bridge is one homeserver as one block of the configuration describes it.
type Bridge struct {
	cfg          Config
	registration appservice.Registration
	listen       func(name, address string) (net.Listener, error)
	keeper       takeover.Keeper
	ghosts       ghosts
	server       *client.Homeserver
	book         *book
	host         bridges.Host    // set by Run, before anything comes
	running      context.Context // ends with Run
	turn         sync.Mutex      // held while events are taken: no room is read back meanwhile
	order        order
	anchors      *anchors
	lag          lag
	owed         owed
	taken        *cache.Cache[string, string] // events that were, and their rooms: an older transaction may come again behind newer ones
	dressing     turns                        // what ghosts look like changes
	gap          time.Duration                // see profileGap
	calm         time.Duration                // see calmTime
	joins        *joins
	leaves       *errands
	secrets      *errands
	answers      *errands // of the bot
	answering    turns    // of the bot to who asks
	founding     turns    // rooms of ghosts are made
	recalls      *errands
	limit        *limiter
	guests       *guests
	typists      *typists
	presents     *presents
	unread       *unread
	sure         *cache.Cache[invitation, certainty] // rooms in which the outcome of every text since the start is known
	health       *health
	metrics      *metrics
	log          *slog.Logger
}

var (
	_ bridges.Bridge     = (*Bridge)(nil)
	_ bridges.Runner     = (*Bridge)(nil)
	_ bridges.Checker    = (*Bridge)(nil)
	_ bridges.Reporter   = (*Bridge)(nil)
	_ bridges.Enroller   = (*Bridge)(nil)
	_ bridges.Resolver   = (*Bridge)(nil)
	_ bridges.Speller    = (*Bridge)(nil)
	_ bridges.Profiler   = (*Bridge)(nil)
	_ bridges.Searcher   = (*Bridge)(nil)
	_ bridges.Introducer = (*Bridge)(nil)
	_ bridges.Presenter  = (*Bridge)(nil)
	_ bridges.Prober     = (*Bridge)(nil)
	_ bridges.Leaver     = (*Bridge)(nil)
	_ bridges.Ender      = (*Bridge)(nil)
	_ bridges.Typist     = (*session)(nil)
	_ bridges.Reader     = (*session)(nil)
	_ bridges.Editor     = (*session)(nil)
	_ bridges.Recaller   = (*session)(nil)
	_ bridges.Retractor  = (*session)(nil)
	_ bridges.Reactor    = (*session)(nil)

	_ appservice.Handler = (*Bridge)(nil)
)

// chatsKept bounds the rooms of which it is known that nothing is in doubt.
const chatsKept = 1 << 16

// eventsKept bounds the events that are known to have been taken: those of the last
// hundreds of transactions.
const eventsKept = 1 << 14

// New returns a bridge that asks nothing of the homeserver until Run. The
// configuration is one that was read and checked, or DefaultConfig with values as
// those; the registration file that it names is read.
func New(cfg Config, d Deps) (*Bridge, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("matrix: %w", err)
	}
	r, err := cfg.load()
	if err != nil {
		return nil, fmt.Errorf("matrix: %w", err)
	}
	if r.RateLimited {
		d.Log.Warn("the homeserver may slow our users down: its registration file lacks rate_limited: false", "file", cfg.Appservice.Registration)
	}
	b := &Bridge{
		cfg: cfg, registration: r, listen: d.Listen, keeper: d.Keeper,
		ghosts: ghosts{cfg.UserPrefix, cfg.Homeserver.Name, bridges.UserID(r.SenderLocalpart + ":" + cfg.Homeserver.Name)},
		book:   newBook(d.Notes), sure: cache.New[invitation, certainty](chatsKept), metrics: newMetrics(d.Metrics), log: d.Log,
		running: context.Background(), unread: newUnread(), anchors: newAnchors(), health: newHealth(), gap: profileGap, calm: calmTime, taken: cache.New[string, string](eventsKept),
	}
	b.joins, b.typists = newJoins(b), &typists{b: b, room: map[pair]string{}}
	b.presents, b.leaves = newPresents(b), newErrands(b, leaveNotes, b.depart)
	b.secrets = newErrands(b, secretNotes, b.flee)
	b.answers, b.limit, b.guests = newErrands(b, askNotes, b.reply), newLimiter(), newGuests(cfg.Homeserver.Name)
	b.recalls = newErrands(b, recallNotes, b.callBack)
	b.server, err = client.New(client.Config{URL: cfg.Homeserver.URL, Token: r.ASToken, Count: b.counted, Elsewhere: d.Elsewhere})
	if err != nil {
		return nil, fmt.Errorf("matrix: homeserver.url: %w", err)
	}
	return b, nil
}

// counted counts a request to the homeserver. One without an answer may mean its death.
func (b *Bridge) counted(o client.Outcome) {
	b.metrics.asked.WithLabelValues(string(o)).Inc()
	if o == client.Unanswered {
		b.anchors.doubt()
	}
}

// Info implements bridges.Bridge.
func (b *Bridge) Info() bridges.Info {
	return bridges.Info{
		Type: "matrix", Client: "pc", Name: "Matrix", Example: example,
		Instructions: "Register to write to people of Matrix. You need no account there.",
		Can: bridges.CanReceipts | bridges.CanTyping | bridges.CanDisplayed | bridges.CanPictures | bridges.CanStyling |
			bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions | bridges.CanReplies | bridges.CanThreads | bridges.CanIntroduce | bridges.CanPresence | bridges.CanFiles,
		Unknown: bridges.Idempotent,
	}
}

// closeTime bounds how long requests of the homeserver may take at the end.
const closeTime = 5 * time.Second

// Run implements bridges.Runner.
func (b *Bridge) Run(ctx context.Context, host bridges.Host) error {
	b.host = host
	b.lag.fails(time.Now()) // as it may have before we came
	if err := errors.Join(b.order.goOn(b.keeper), b.anchors.goOn(b.keeper)); err != nil {
		return fmt.Errorf("what a predecessor has left: %w", err)
	}
	if err := b.book.loadIndex(ctx); err != nil {
		return fmt.Errorf("the notes: %w", err)
	}
	l, err := b.listen("matrix", b.cfg.Appservice.Listen)
	if err != nil {
		return fmt.Errorf("appservice.listen: %w", err)
	}
	defer b.server.Close()
	s := appservice.NewServer(b.served(b))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.running = ctx
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel() // without it nothing comes
		err = s.Serve(l)
	})
	for _, run := range []func(context.Context){b.joins.run, b.leaves.run, b.secrets.run, b.answers.run, b.recalls.run, b.typists.renew, b.presents.renew, b.watch, b.lag.beats, b.lookBack, b.sweep} {
		wg.Go(func() { run(ctx) })
	}
	<-ctx.Done()
	end, done := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer done()
	if e := s.Close(end); e != nil {
		b.log.Warn("the homeserver's requests were cut off", "err", e)
	}
	wg.Wait()
	return err
}

// served is how the homeserver is served, by a handler.
func (b *Bridge) served(h appservice.Handler) appservice.Config {
	return appservice.Config{
		Token: b.registration.HSToken, Handler: h, Log: b.log,
		Count: func(o appservice.Outcome) { b.metrics.served.WithLabelValues(string(o)).Inc() },
	}
}
