package componenttest

import (
	"fmt"
	"strings"
)

// match compares a node with a pattern and returns "" or what differs.
//
// In a pattern, the value "*" of an attribute or of a text matches any, and
// "$name" matches any and keeps it: a later "$name", in a pattern or in what
// is sent, stands for it. An id that the pattern does not mention is not
// compared, and <any/> as last child stands for any children.
func match(n, p *Node, vars map[string]string) string {
	if n.Local != p.Local || n.Space != p.Space {
		return fmt.Sprintf("<%s> in %q is not <%s> in %q", n.Local, n.Space, p.Local, p.Space)
	}
	for k, want := range p.Attr {
		got, ok := n.Attr[k]
		if !ok && want != "" || !value(got, want, vars) {
			return fmt.Sprintf("<%s>: %s is %q, not %q", n.Local, k, got, want)
		}
	}
	for k, got := range n.Attr {
		if _, ok := p.Attr[k]; !ok && k != "id" && k != "http://www.w3.org/XML/1998/namespace lang" {
			return fmt.Sprintf("<%s> has %s=%q", n.Local, k, got)
		}
	}
	if got, want := strings.TrimSpace(n.Text), strings.TrimSpace(p.Text); !value(got, want, vars) {
		return fmt.Sprintf("<%s>: text is %q, not %q", n.Local, got, want)
	}
	return matchChildren(n, p, vars)
}

func matchChildren(n, p *Node, vars map[string]string) string {
	for i, c := range p.Children {
		if c.Local == "any" && i == len(p.Children)-1 {
			return ""
		}
		if i >= len(n.Children) {
			return fmt.Sprintf("<%s> lacks %s", n.Local, c)
		}
		if why := match(n.Children[i], c, vars); why != "" {
			return why
		}
	}
	if len(n.Children) > len(p.Children) {
		return fmt.Sprintf("<%s> has %s too", n.Local, n.Children[len(p.Children)])
	}
	return ""
}

func value(got, want string, vars map[string]string) bool {
	if want == "*" {
		return true
	}
	if name, ok := strings.CutPrefix(want, "$"); ok && name != "" {
		if old, ok := vars[name]; ok {
			return got == old
		}
		vars[name] = got
		return got != ""
	}
	return got == want
}

// fill puts the kept values into what is sent.
func fill(s string, vars map[string]string) string {
	for k, v := range vars {
		s = strings.ReplaceAll(s, "'$"+k+"'", "'"+escape(v)+"'")
		s = strings.ReplaceAll(s, ">$"+k+"<", ">"+escape(v)+"<")
	}
	return s
}
