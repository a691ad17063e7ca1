package config

import (
	"encoding"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// The YAML reader's own strictness ends at the first type that decodes itself,
// and names neither key nor choice. So the tree is compared with the structs
// here, before it is decoded.

// keys returns the fields of a struct by their key.
func keys(t reflect.Type) map[string]reflect.StructField {
	m := map[string]reflect.StructField{}
	for i := range t.NumField() {
		f := t.Field(i)
		key, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || key == "-":
		case opts == "inline":
			maps.Copy(m, keys(f.Type))
		case key == "":
			m[strings.ToLower(f.Name)] = f
		default:
			m[key] = f
		}
	}
	return m
}

// frame checks the tree against the structs.
func (p *parser) frame(root *yaml.Node) {
	p.mapping(root, "", keys(reflect.TypeFor[Config]()))
}

// mapping checks a block whose keys are known.
func (p *parser) mapping(n *yaml.Node, path string, fields map[string]reflect.StructField) {
	if n.Kind != yaml.MappingNode {
		p.add(n.Line, path, "want a block of keys: %s", list(fields))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		f, ok := fields[k.Value]
		switch before := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode || !ok:
			p.add(k.Line, join(path, k.Value), "no such key; the keys here are %s", list(fields))
		case before != 0:
			p.add(k.Line, join(path, k.Value), "is already set in line %d", before)
		default:
			p.value(n.Content[i+1], join(path, k.Value), f.Type)
		}
		seen[k.Value] = k.Line
	}
}

// value checks what a key is set to.
func (p *parser) value(n *yaml.Node, path string, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		p.add(n.Line, path, "anchors and aliases (& and *) are not allowed")
	case empty(n):
		p.add(n.Line, path, "has no value; leave the key out for its default")
	case t == reflect.TypeFor[Bridge]():
		p.bridge(n, path)
	case readsText(t) && n.Kind != yaml.MappingNode:
	case t.Kind() == reflect.Struct:
		p.mapping(n, path, keys(t))
	case decodesItself(t):
	case t.Kind() == reflect.Slice:
		p.sequence(n, path, t.Elem())
	case t.Kind() == reflect.Map:
		p.table(n, path, t.Elem())
	default:
		p.scalar(n, path, t)
	}
}

// sequence checks a list.
func (p *parser) sequence(n *yaml.Node, path string, t reflect.Type) {
	if n.Kind != yaml.SequenceNode {
		p.add(n.Line, path, "want a list, e.g. [a, b]")
		return
	}
	for i, c := range n.Content {
		p.value(c, item(path, i), t)
	}
}

// table checks a block whose keys are free.
func (p *parser) table(n *yaml.Node, path string, t reflect.Type) {
	if n.Kind != yaml.MappingNode {
		p.add(n.Line, path, "want a block of keys and values")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		p.value(n.Content[i+1], join(path, n.Content[i].Value), t)
	}
}

// scalar checks a single value.
func (p *parser) scalar(n *yaml.Node, path string, t reflect.Type) {
	want, ok := "a text", true
	switch k := t.Kind(); {
	case t == reflect.TypeFor[time.Duration]():
		_, err := time.ParseDuration(n.Value)
		want, ok = "a time with its unit, e.g. 90s, 15m or 48h", err == nil
	case k == reflect.Bool:
		want, ok = "true or false", n.ShortTag() == "!!bool"
	case k >= reflect.Int && k <= reflect.Uint64:
		want, ok = "a whole number", n.ShortTag() == "!!int"
	case k == reflect.Float64:
		want, ok = "a number", n.ShortTag() == "!!int" || n.ShortTag() == "!!float"
	}
	if n.Kind != yaml.ScalarNode || !ok {
		p.add(n.Line, path, "want %s", want)
	}
}

// bridge checks the block of a bridge: the shared keys and its network's.
func (p *parser) bridge(n *yaml.Node, path string) {
	fields := keys(reflect.TypeFor[Bridge]())
	name := child(n, "network")
	if name == nil {
		p.add(n.Line, join(path, "network"), "is missing; want one of %s", choice(p.networks))
		return
	}
	config, ok := p.networks[name.Value]
	if !ok {
		p.add(name.Line, join(path, "network"), "want one of %s", choice(p.networks))
		return
	}
	maps.Copy(fields, keys(reflect.TypeOf(config()).Elem()))
	p.mapping(n, path, fields)
}

// decodesItself tells whether a type brings its own way to be read.
func decodesItself(t reflect.Type) bool {
	_, old := reflect.PointerTo(t).MethodByName("UnmarshalYAML")
	return old || readsText(t)
}

// readsText tells whether a type reads itself from a single value.
func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// list names keys for people.
func list(m map[string]reflect.StructField) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}

// choice names networks for people.
func choice(n Networks) string { return strings.Join(slices.Sorted(maps.Keys(n)), ", ") }
