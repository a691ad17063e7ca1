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
	// askersKept bounds the people of whom it is known how much they asked.
	askersKept = 4096
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

// takes tells whether a person may ask something now.
func (l *limiter) takes(who bridges.UserID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, _ := l.each.Get(who)
	ok := b.takes(now, eachBurst, eachGap)
	l.each.Set(who, b)
	return ok && l.all.takes(now, allBurst, allGap)
}
