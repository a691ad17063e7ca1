// Package gateway joins one network to XMPP: it registers users, answers for
// the network's people as contacts, and carries messages both ways, each kept
// in the journal until the other side has it or the sender has been told why
// not. It follows XEP-0100 (1.0) and knows no network by name: the bridge says
// what its network can do.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/bridges/takeover"
	"causeway/component"
	"causeway/component/picture"
	"causeway/mapping"
)

// Gateway serves the domain of one bridge. It is the component.Handler of the
// domain's link and the bridges.Host of the bridge.
type Gateway struct {
	cfg    Config
	domain string
	info   bridges.Info
	store  mapping.Store
	log    *slog.Logger
	policy atomic.Pointer[policy]
	hot    hotCounters

	link Link
	work context.Context // of every step; ends with the gateway
	stop context.CancelFunc
	// sending ends first: at the end of the gateway nothing waits for the link.
	sending context.Context
	cutOff  context.CancelFunc
	cut     atomic.Bool    // a stanza was cut off: none may overtake it
	wg      sync.WaitGroup // lanes and loops
	mux     *component.Mux[*tx]
	disco   *discoInfo

	router   router
	lagging  lagging
	flights  flights
	attempts deadlines
	// fileAttempts are those of messages with files.
	fileAttempts deadlines
	accounts     *accounts
	sessions     *sessions
	sent         *sentMessages
	repeats      *repeats
	once         *onceBook
	early        *earlyReceipts
	awaiting     *awaiting
	pieces       *pieces
	people       *people
	// broadcasts is presence that waits in the lanes.
	broadcasts *broadcasts
	clients    *clientCaps
	badges     *cache.Cache[face, *picture.Picture]
	faces      *faces
	selves     *selves
	presences  *presences
	presents   *presents
	typing     *typing
	settings   []setting
	signs      *signs
	files      *files
	bringing   *bringing
	commands   *commandSessions
	dialogues  *dialogues
	warned     *cache.Cache[string, time.Time]
	bounces    *cache.Cache[string, tried] // messages that came back and are shown again, by stanza id
	refusals   chan refusal
	sendout    spool
	greeted    context.CancelFunc // ends the greeting of an earlier connection
	// introduced has the chats whose next text needs no name: see introduce.
	introduced *cache.Cache[chatKey, struct{}]
	blocks     *blocks
	places     *cache.Cache[uint64, uint64] // how far the journal has the streams of the network

	started    time.Time
	privileges *privileges
	rosters    *rosters
	trials     *trials
	inherited  inherited
	remembers  bool // the bridge does: see bridges.Rememberer
	// step, in tests, stops the gateway between two steps as a kill would.
	step     func(place string)
	choosing sync.Mutex // see untilFree

	off     atomic.Pointer[string] // see Off
	turning sync.Mutex             // off or on
}

var (
	_ component.Handler = (*Gateway)(nil)
	_ bridges.Host      = (*Gateway)(nil)
)

// New returns a gateway that is not yet running.
func New(cfg Config) *Gateway {
	cfg = withDefaults(cfg)
	log := cfg.Log.With("bridge", cfg.Domain)
	g := &Gateway{
		cfg: cfg, domain: cfg.Domain, info: cfg.Bridge.Info(), store: patient{cfg.Store}, log: log,
		trials:  newTrials(takeover.Within(cfg.Keeper, cfg.Domain), log),
		places:  cache.New[uint64, uint64](64),
		started: time.Now(), badges: cache.New[face, *picture.Picture](4096), faces: newFaces(), selves: newSelves(), presences: newPresences(), presents: newPresents(),
		sent: newSentMessages(), repeats: newRepeats(), once: newOnceBook(),
		early: newEarlyReceipts(), awaiting: newAwaiting(), pieces: newPieces(), people: newPeople(), broadcasts: newBroadcasts(), clients: newClientCaps(), typing: newTyping(), signs: newSigns(), commands: newCommandSessions(), dialogues: newDialogues(),
		privileges: newPrivileges(takeover.Within(cfg.Keeper, cfg.Domain), log), rosters: newRosters(),
		warned: cache.New[string, time.Time](4096), refusals: make(chan refusal, 1024),
		bounces: cache.New[string, tried](4096), introduced: cache.New[chatKey, struct{}](introducedLimit), blocks: newBlocks(), files: newFiles(), bringing: newBringing(),
	}
	cfg.Metrics.start(cfg.Domain)
	g.hot = cfg.Metrics.hot(cfg.Domain)
	g.work, g.stop = context.WithCancel(context.Background())
	g.sending, g.cutOff = context.WithCancel(g.work)
	g.greeted = func() {}
	g.SetPolicy(Policy{cfg.Allow, cfg.Hold, cfg.AccountLimit, cfg.BridgeLimit})
	g.accounts = newAccounts(g.store, cfg.Domain)
	g.settings = settingsOf(cfg.Bridge)
	g.sessions = newSessions(cfg.Bridge, g.accounts, g.account)
	g.sendout.more = newBell()
	g.router.init()
	g.flights.init()
	g.inherited.init()
	g.mux = component.NewMux[*tx](g.log)
	g.register()
	g.disco = newDiscoInfo(g)
	return g
}

// register enters what the gateway answers; disco#info is made from it.
func (g *Gateway) register() {
	g.serveDisco()
	g.serveRegister()
	g.serveCommands()
	g.servePrompt()
	g.serveSmall()
	g.serveProfile()
	g.serveSearch()
}

// Run serves until ctx ends: it takes up what the journal holds, then runs
// link and bridge. When ctx ends it lets the messages under way finish
// (bounded), says that everybody is unavailable, closes the link, and returns
// nil, or ErrStuck after 11 s. It returns an error when store, link or bridge
// can never work. A Gateway runs once.
//
// When the cause of ctx is takeover.ErrHandover, link and bridge stop with the
// same cause, and Run returns nil as soon as they have. What is under way is
// cut off then, and goes no further: the process must end without closing the
// store in order, and a successor goes on from the note.
func (g *Gateway) Run(ctx context.Context, link Link) error {
	g.link = link
	if err := g.replay(ctx); err != nil {
		g.end()
		return fmt.Errorf("gateway: replay of %s: %w", g.domain, err)
	}
	g.startLoops()
	l, b := g.spawn(link.Run), g.spawn(g.runBridge)
	g.start()

	var failed error
	select {
	case <-ctx.Done():
	case <-g.work.Done():
	case <-l.done:
		failed = ended("link", l.err)
	case <-b.done:
		failed = ended("bridge", b.err)
	}
	if errors.Is(context.Cause(ctx), takeover.ErrHandover) {
		g.handOver(l, b)
		return failed
	}
	return errors.Join(failed, g.shutDown(l, b))
}

// startLoops starts all that runs until the gateway ends, by what the network can do.
func (g *Gateway) startLoops() {
	g.loop(g.sweep)
	g.loop(g.retry)
	g.loop(g.refuseAll)
	g.loop(g.sendSpooled)
	g.loop(g.rosters.server(g, "a roster", g.keepRoster))
	g.loop(g.askSlowly)
	g.loops(clientAskers, g.clients.server(g, "capabilities", g.askOneOf))
	can := g.info.Can
	if can.Has(bridges.CanPictures) {
		g.loops(faceLookers, g.faces.server(g, "a picture", g.lookAt))
	}
	if can.Has(bridges.CanFiles) {
		g.offerFiles()
	}
	if can&(bridges.CanFiles|bridges.CanEdits) != 0 {
		g.loops(bringers, g.bringAll)
	}
	if can.Has(bridges.CanIntroduce) {
		g.loop(g.selves.server(g, "what a user looks like", g.introduceUser))
	}
	g.servePresence()
	if can.Has(bridges.CanTyping) {
		g.loop(g.showTyping)
	}
	if can&(bridges.CanTyping|bridges.CanDisplayed) != 0 {
		g.loops(signWorkers, g.tellSigns)
	}
}

// ended is the failure of a part that should have run until it was told to end.
func ended(part string, err error) error {
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return fmt.Errorf("gateway: %s: %w", part, err)
}

func (g *Gateway) runBridge(ctx context.Context) error {
	r, ok := g.cfg.Bridge.(bridges.Runner)
	if !ok {
		<-ctx.Done()
		return nil
	}
	return r.Run(ctx, g)
}

// loops runs f several times at once until the gateway ends.
func (g *Gateway) loops(n int, f func(ctx context.Context)) {
	for range n {
		g.loop(f)
	}
}

// loop runs f until the gateway ends.
func (g *Gateway) loop(f func(ctx context.Context)) {
	g.wg.Go(func() { f(g.work) })
}
