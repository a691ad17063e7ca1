package matrix

import (
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
)

const (
	// eachBurst is how much a person may ask of the bot at once, and eachGap after how
	// long it may ask once more.
	eachBurst, eachGap = 10, 30 * time.Second
	// allBurst and allGap are the same of all together.
	allBurst, allGap = 100, time.Second
	// askersKept bounds the people, and the servers, of whom it is known how much they
	// asked.
	askersKept = 4096
	// guestBurst and guestGap are the same of invitations of users by a person whom they
	// do not know, and serverBurst and serverGap by all of one homeserver.
	guestBurst, guestGap   = 50, 30 * time.Second
	serverBurst, serverGap = 200, 5 * time.Second
)

// limiter bounds what people ask.
type limiter struct {
	mu   sync.Mutex
	each *cache.Cache[bridges.UserID, bucket]
	all  bucket
}

func newLimiter() *limiter {
	return &limiter{each: cache.New[bridges.UserID, bucket](askersKept)}
}

// bucket is how much may be asked at once. The zero value is full.
type bucket struct {
	used float64
	at   time.Time
}

// takes takes one out, unless it is empty.
func (b *bucket) takes(now time.Time, full float64, gap time.Duration) bool {
	b.used = max(0, b.used-float64(now.Sub(b.at))/float64(gap))
	b.at = now
	if b.used+1 > full {
		return false
	}
	b.used++
	return true
}

// guests bounds invitations of users by people whom they do not know: of each a user is
// asked. The people of the own homeserver are bounded one by one alone.
type guests struct {
	home    string
	mu      sync.Mutex
	people  *cache.Cache[bridges.UserID, bucket]
	servers *cache.Cache[string, bucket]
}

func newGuests(home string) *guests {
	return &guests{home: home, people: cache.New[bridges.UserID, bucket](askersKept), servers: cache.New[string, bucket](askersKept)}
}

// takes tells whether a person may invite somebody now.
func (g *guests) takes(who bridges.UserID, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	server := serverOf(who)
	return spends(g.people, who, now, guestBurst, guestGap) &&
		(server == g.home || spends(g.servers, server, now, serverBurst, serverGap))
}

// spends takes one out of the bucket of who.
func spends[K comparable](of *cache.Cache[K, bucket], who K, now time.Time, full float64, gap time.Duration) bool {
	b, _ := of.Get(who)
	ok := b.takes(now, full, gap)
	of.Set(who, b)
	return ok
}

// takes tells whether a person may ask something now.
func (l *limiter) takes(who bridges.UserID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return spends(l.each, who, now, eachBurst, eachGap) && l.all.takes(now, allBurst, allGap)
}
