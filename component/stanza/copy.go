package stanza

import "strings"

// Copy appends an element of a received stanza, with the namespace
// declarations that it needs to stand alone. What has a prefix that is declared
// nowhere is left out, with all inside it: no strict reader would take it.
func (w *Writer) Copy(e Element) *Writer {
	if e.s == nil {
		return w
	}
	w.content()
	c := copier{s: e.s, root: e.i, w: w}
	c.element(e.i, w.foreign())
	return w
}

// copier writes a subtree. It does not recurse: a stanza may be as deep as the
// link's limit allows.
type copier struct {
	s    *Stanza
	root uint32
	w    *Writer
	// space is the default namespace written last at each open level.
	space []string
}

func (c *copier) element(root uint32, foreign bool) {
	outer := ""
	if foreign {
		outer = "\x00" // equal to no namespace: it has to be declared
	}
	c.space = append(c.space, outer)
	end := c.s.nodes[root].next
	if !c.bound(root) {
		return
	}
	for i, open := root, root; i < end; {
		n := &c.s.nodes[i]
		c.start(i)
		open = i
		pos := n.body
		i++
		// Leave all that end before the next element begins, and skip what
		// cannot be copied.
		for {
			o := &c.s.nodes[open]
			if i < o.next {
				child := &c.s.nodes[i]
				c.w.buf = append(c.w.buf, c.s.raw[pos:child.start]...)
				if c.bound(i) {
					break
				}
				pos, i = c.s.end(child), child.next
				continue
			}
			c.w.buf = append(c.w.buf, c.s.raw[pos:o.close]...)
			c.close(o)
			if open == root {
				return
			}
			pos, open = c.s.end(o), o.parent
		}
	}
}

// bound tells whether the prefix of an element is declared.
func (c *copier) bound(i uint32) bool {
	n := &c.s.nodes[i]
	if n.flags&prefixed == 0 {
		return true
	}
	_, _, ok := c.s.bound(i, c.s.name(n))
	return ok
}

func (c *copier) start(i uint32) {
	n := &c.s.nodes[i]
	w := c.w
	w.buf = append(w.buf, '<')
	w.buf = append(w.buf, c.s.name(n)...)
	outer := c.space[len(c.space)-1]
	def := outer
	if i == c.root || n.flags&declares != 0 {
		def = c.s.defaultSpace(i)
	}
	if def != outer {
		uri := def
		if uri == "" {
			uri = nsClient
		}
		w.buf = appendAttr(w.buf, "xmlns", uri)
	}
	c.space = append(c.space, def)
	c.attributes(i, n)
	w.buf = append(w.buf, '>')
}

func (c *copier) close(n *node) {
	c.space = c.space[:len(c.space)-1]
	c.w.buf = append(c.w.buf, "</"...)
	c.w.buf = append(c.w.buf, c.s.name(n)...)
	c.w.buf = append(c.w.buf, '>')
}

// attributes copies those that are bound, and declares the prefixes that are
// declared further out than what is copied.
func (c *copier) attributes(i uint32, n *node) {
	if n.flags&prefixed != 0 {
		prefix, _, _ := strings.Cut(c.s.name(n), ":")
		c.declare(i, n, prefix, "")
	}
	a := attrs(c.s.raw[n.start+1+uint32(n.name) : n.body])
	for {
		k, v, more := a.next()
		if !more {
			return
		}
		prefix, local, found := strings.Cut(k, ":")
		switch {
		case k == "xmlns":
			continue
		case prefix == "xmlns":
			if v == "" || local == "" || local == "xml" || local == "xmlns" || strings.IndexByte(local, ':') >= 0 {
				continue
			}
		case found:
			if _, _, ok := c.s.bound(i, k); !ok {
				continue
			}
			c.declare(i, n, prefix, k)
		}
		c.raw(k, v)
	}
}

// declare writes the declaration of a prefix unless the copy has it already:
// inside what is copied, or because a name before stop in this tag has it.
func (c *copier) declare(i uint32, n *node, prefix, stop string) {
	uri, at, _ := c.s.lookup(i, prefix)
	if prefix == "xml" || at >= c.root {
		return
	}
	if stop != "" {
		if strings.HasPrefix(c.s.name(n), prefix+":") {
			return
		}
		a := attrs(c.s.raw[n.start+1+uint32(n.name) : n.body])
		for k, _, _ := a.next(); k != stop; k, _, _ = a.next() {
			if strings.HasPrefix(k, prefix+":") {
				return
			}
		}
	}
	c.w.buf = appendAttr(c.w.buf, "xmlns:"+prefix, uri)
}

// raw writes an attribute whose value is escaped already. Either quote may
// stand in it unescaped, but not both.
func (c *copier) raw(name, value string) {
	quote := byte('\'')
	if strings.IndexByte(value, quote) >= 0 {
		quote = '"'
	}
	b := append(c.w.buf, ' ')
	b = append(b, name...)
	b = append(b, '=', quote)
	b = append(b, value...)
	c.w.buf = append(b, quote)
}
