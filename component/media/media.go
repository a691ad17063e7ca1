// Package media moves files between HTTP and networks: it fetches what users
// link to, uploads to slots (XEP-0363), and serves what networks have under
// links of its own. All of it streams: a file is never in memory as a whole.
//
// Whoever writes a link decides where Causeway connects to. So each connection
// is judged by the address that is dialled, after DNS and at every redirect:
// only what is on the public internet, and what the operator names.
package media

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
)

// Config says how a Service is made. MaxSize and Dir are required.
type Config struct {
	// MaxSize is the largest file, in bytes, that is moved in any direction; at
	// most 2^40.
	MaxSize int64
	// Private are the places besides the public internet that may be connected
	// to, and the only ones without TLS.
	Private []Place
	// PublicURL is where the world reaches Handler, without the /media/ of its
	// paths, e.g. https://causeway.example.org. Empty: there are no links.
	PublicURL string
	// Keys sign the links of each domain.
	Keys map[string]Key
	// Dir is where files of unknown size, and those that are served, lie while
	// they are needed, at most four times MaxSize in all. They have no names.
	Dir     string
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: not counted
}

// Service moves the files of all networks. All methods are safe for concurrent
// use.
type Service struct {
	cfg     Config
	base    *url.URL // of links; nil: none
	log     *slog.Logger
	times   times
	metrics *metrics
	fetches turns
	readers turns
	get     *http.Client
	put     *http.Client
	disk    disk
	shelf   shelf

	mu      sync.Mutex
	sources map[string]Source

	work context.Context // of downloads for readers
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// Source gives the bytes of a file of a domain's network, as
// bridges.Opener.OpenFile does. Of f, ID and Name are set.
type Source func(ctx context.Context, account bridges.AccountID, f bridges.File) (*bridges.Content, error)

// times are the deadlines of what is done over HTTP.
type times struct {
	dial   time.Duration // and TLS
	expect time.Duration // for a refusal before an upload; Prosody lets it pass
	header time.Duration // from the request to the end of the answer's head
	idle   time.Duration // without a byte
	whole  time.Duration // of one file
	keep   time.Duration // of a file that was served, and nobody reads
}

// slowest is the pace in bytes per second below which a file is given up.
const slowest = 64 << 10

// New returns a Service that moves nothing yet. It does not block.
func New(cfg Config) (*Service, error) {
	if cfg.MaxSize < 1 || cfg.MaxSize > maxMaxSize {
		return nil, fmt.Errorf("media: %d bytes are no bound for files", cfg.MaxSize)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	base, err := ParsePublicURL(cfg.PublicURL)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, base: base, log: cfg.Log, metrics: newMetrics(cfg.Metrics), fetches: turns{most: atOnce}, readers: turns{most: readersAtOnce},
		disk: disk{dir: cfg.Dir, left: 4 * cfg.MaxSize}, sources: map[string]Source{},
		times: times{
			dial: 10 * time.Second, expect: 100 * time.Millisecond, header: 30 * time.Second, idle: 30 * time.Second, keep: 10 * time.Minute,
			whole: time.Minute + time.Duration(cfg.MaxSize/slowest)*time.Second,
		},
	}
	s.work, s.stop = context.WithCancel(context.Background())
	s.shelf.items = map[string]*item{}
	s.connect()
	return s, nil
}

// Register says where the files of a domain come from, which Handler serves.
// The last one counts.
func (s *Service) Register(domain string, from Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources[domain] = from
}

// Close ends downloads for readers and waits for them. What Fetch and Spool
// gave stays with its owner. It comes after the last request to Handler.
func (s *Service) Close() error {
	s.stop()
	s.wg.Wait()
	s.shelf.clear()
	return nil
}
