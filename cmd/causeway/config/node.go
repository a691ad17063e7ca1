package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// empty tells whether a key has no value.
func empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// child returns the value of a key (string) or an item (int); nil if absent.
func child(n *yaml.Node, at any) *yaml.Node {
	if n == nil {
		return nil
	}
	switch at := at.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && at < len(n.Content) {
			return n.Content[at]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == at {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// step is one part of a path: a key or an index.
var step = regexp.MustCompile(`[a-z0-9_]+`)

// deepest follows a path such as connectors[0].smpp.address as far as it
// leads, and returns the last node that is there.
func deepest(n *yaml.Node, path string) *yaml.Node {
	for _, s := range step.FindAllString(path, -1) {
		var at any = s
		if i, err := strconv.Atoi(s); err == nil {
			at = i
		}
		next := child(n, at)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// join puts a key or an index behind a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// variable finds ${NAME}, and $${, which stands for a ${ that means itself.
var variable = regexp.MustCompile(`\$\$\{|\$\{([^}]*)\}`)

// name is what an environment variable may be called here.
var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} in all values below n.
func (p *parser) expand(n *yaml.Node, lookup func(string) (string, bool)) {
	for _, c := range n.Content {
		p.expand(c, lookup)
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "${") {
		return
	}
	n.Value = variable.ReplaceAllStringFunc(n.Value, func(s string) string {
		if s == "$${" {
			return "${"
		}
		v := s[2 : len(s)-1]
		if !name.MatchString(v) {
			p.add(n.Line, "", "${…} takes the name of an environment variable: letters, digits and _ (write $${ for ${)")
			return ""
		}
		value, ok := lookup(v)
		if !ok {
			p.add(n.Line, "", "the environment variable %s is not set", v)
		}
		return value
	})
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		n.Tag = "" // a plain value may now be a number
	}
}

// item is the path of an element of a list.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
