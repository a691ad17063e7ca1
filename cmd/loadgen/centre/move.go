package centre

import (
	"context"
	"fmt"
	"strings"
	"time"

	"causeway/cmd/loadgen/load"
)

// Movement is a series of numbered texts from phones: text n goes from
// From[n mod len(From)] to To[n mod len(To)], numbered by sender.
type Movement struct {
	From, To []string
	Count    int
	Size     int
	// Every LongEvery-th text has LongSize characters, in parts of 153.
	LongEvery, LongSize int
	// Window is how many deliver_sm may be unanswered at once.
	Window int
	// Rate is texts per second; 0: as fast as the window allows.
	Rate float64
}

// Move sends the texts and returns when the client has answered all, how many
// were begun, and the error of ctx if that ended first. Texts that are not
// answered are delivered again over later binds.
func (c *Centre) Move(ctx context.Context, m Movement) (begun int, err error) {
	defer context.AfterFunc(ctx, c.wake)()
	start := time.Now()
	for n := range m.Count {
		if m.Rate > 0 {
			due := start.Add(time.Duration(float64(n) / m.Rate * float64(time.Second)))
			if err := wait(ctx, time.Until(due)); err != nil {
				return n, err
			}
		}
		if err := c.room(ctx, m.Window); err != nil {
			return n, err
		}
		for _, body := range m.bodies(n) {
			c.deliver(&delivery{body: body, own: true}, true)
		}
	}
	return m.Count, c.room(ctx, 1)
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (c *Centre) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free.Broadcast()
}

// room waits until fewer than window deliveries are unanswered.
func (c *Centre) room(ctx context.Context, window int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) >= max(window, 1) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.ctx.Err() != nil {
			return fmt.Errorf("centre: closed with %d deliveries unanswered", len(c.pending))
		}
		c.free.Wait()
	}
	return ctx.Err()
}

// bodies returns the deliver_sm bodies of text n, one for each part.
func (m Movement) bodies(n int) [][]byte {
	from, to := m.From[n%len(m.From)], m.To[n%len(m.To)]
	size := m.Size
	if m.LongEvery > 0 && n%m.LongEvery == m.LongEvery-1 {
		size = m.LongSize
	}
	number := n / len(m.From)
	text := load.AppendText(nil, uint64(number), size)
	if len(text) <= 160 {
		return [][]byte{appendDeliver(nil, from, to, 0, text)}
	}
	const limit = 153 // septets beside a header of six octets
	total := (len(text) + limit - 1) / limit
	var all [][]byte
	for i := range total {
		udh := []byte{5, 0, 3, byte(number), byte(total), byte(i + 1)}
		part := append(udh, text[i*limit:min(len(text), (i+1)*limit)]...)
		all = append(all, appendDeliver(nil, from, to, udhi, part))
	}
	return all
}

// Numbers returns n numbers made from a pattern such as "1202555%04d".
func Numbers(pattern string, first, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = strings.TrimPrefix(fmt.Sprintf(pattern, first+i), "+")
	}
	return all
}
