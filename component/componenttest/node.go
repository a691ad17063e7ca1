package componenttest

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// NSComponent is the namespace of the stream. Names in it, and in
// jabber:client, are given with the space "".
const NSComponent = "jabber:component:accept" // XEP-0114

// Node is one element of XML.
type Node struct {
	Space, Local string
	Attr         map[string]string // by local name; with a prefix, "space local"
	Text         string            // all character data directly inside
	Children     []*Node
}

// Child returns the first child with that name; nil when there is none.
func (n *Node) Child(space, local string) *Node {
	for _, c := range n.Children {
		if c.Space == space && c.Local == local {
			return c
		}
	}
	return nil
}

// String returns the node as XML; namespaces are declared where they change.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

func (n *Node) write(b *strings.Builder, space string) {
	b.WriteString("<" + n.Local)
	if n.Space != space {
		fmt.Fprintf(b, " xmlns='%s'", escape(n.Space))
	}
	names := make([]string, 0, len(n.Attr))
	for k := range n.Attr {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		name := k
		if i := strings.LastIndexByte(k, ' '); i >= 0 {
			name = "xml:" + k[i+1:]
		}
		fmt.Fprintf(b, " %s='%s'", name, escape(n.Attr[k]))
	}
	b.WriteString(">" + escape(n.Text))
	for _, c := range n.Children {
		c.write(b, n.Space)
	}
	b.WriteString("</" + n.Local + ">")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}

// readNode reads the rest of the element that start opens.
func readNode(d *xml.Decoder, start xml.StartElement) (*Node, error) {
	n := &Node{Space: plain(start.Name.Space), Local: start.Name.Local, Attr: map[string]string{}}
	for _, a := range start.Attr {
		switch {
		case a.Name.Local == "xmlns" || a.Name.Space == "xmlns":
		case a.Name.Space == "":
			n.Attr[a.Name.Local] = a.Value
		default:
			n.Attr[a.Name.Space+" "+a.Name.Local] = a.Value
		}
	}
	for {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.CharData:
			n.Text += string(t)
		case xml.StartElement:
			c, err := readNode(d, t)
			if err != nil {
				return nil, err
			}
			n.Children = append(n.Children, c)
		case xml.EndElement:
			return n, nil
		}
	}
}

func plain(space string) string {
	if space == NSComponent || space == "jabber:client" { // RFC 6120
		return ""
	}
	return space
}

// Parse reads one element.
func Parse(s string) (*Node, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return readNode(d, start)
		}
	}
}
