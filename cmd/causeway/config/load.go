package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxSize of a configuration file, in bytes.
const maxSize = 1 << 20

// Load reads and checks a file. lookup finds the variables that ${NAME} names,
// e.g. os.LookupEnv. Whatever is wrong with the content is an Error.
func Load(file string, lookup func(string) (string, bool), n Networks) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(file, text, lookup, n)
}

// Parse is Load for a text; file is its name in faults. It reads the files
// that secret_file names.
func Parse(file string, text []byte, lookup func(string) (string, bool), n Networks) (*Config, error) {
	p := &parser{faults: faults{file: file}, networks: n}
	root := p.root(text)
	if root == nil {
		return nil, p.err()
	}
	if p.expand(root, lookup); p.err() != nil {
		return nil, p.err()
	}
	if p.frame(root); p.err() != nil {
		return nil, p.err()
	}
	c := Default()
	p.decode(root, "", &c)
	if p.err() != nil {
		return nil, p.err()
	}
	for i := range c.Bridges {
		p.own(child(child(root, "bridges"), i), fmt.Sprintf("bridges[%d]", i), &c.Bridges[i])
	}
	p.check(root, &c)
	if p.err() != nil {
		return nil, p.err()
	}
	return &c, nil
}

// parser is one reading of one file.
type parser struct {
	faults
	networks Networks
}

// syntaxLine finds the line in an error of the YAML reader.
var syntaxLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// root returns the mapping that the file is, or nil after adding a fault.
func (p *parser) root(text []byte) *yaml.Node {
	if len(text) > maxSize {
		p.add(0, "", "larger than 1 MiB")
		return nil
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1}
	} else if err != nil {
		p.syntax(text, err.Error())
		return nil
	}
	if !errors.Is(dec.Decode(&second), io.EOF) {
		p.add(max(second.Line, 1), "", "more than one document")
		return nil
	}
	if len(doc.Content) == 0 || empty(doc.Content[0]) {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1}
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		p.add(doc.Content[0].Line, "", "want keys and values, as in config.yaml of the distribution")
		return nil
	}
	return doc.Content[0]
}

// unknownAnchor finds a value that begins with * and is not in quotes, which may
// be a secret, in an error of the YAML reader, which names no line for it.
var unknownAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)

// syntax adds an error of the YAML reader.
func (p *parser) syntax(text []byte, err string) {
	line, msg := splitLine(err)
	if m := unknownAnchor.FindStringSubmatch(msg); m != nil {
		before, _, _ := bytes.Cut(text, []byte("*"+m[1]))
		line, msg = 1+bytes.Count(before, []byte("\n")), "a value that begins with * must be in quotes"
	}
	p.add(line, "", "not YAML: %s", msg)
}

// splitLine takes the line out of an error text of the YAML reader.
func splitLine(s string) (line int, rest string) {
	if m := syntaxLine.FindStringSubmatch(s); m != nil {
		line, _ = strconv.Atoi(m[1])
		return line, s[len(m[0]):]
	}
	return 0, strings.TrimPrefix(s, "yaml: ")
}

// quoted finds values, which may be secrets, in errors of the YAML reader.
var quoted = regexp.MustCompile("`[^`]*`")

// decode fills v from n, which has passed frame, and adds what it refuses.
func (p *parser) decode(n *yaml.Node, path string, v any) {
	err := n.Decode(v)
	var te *yaml.TypeError
	switch {
	case err == nil:
	case errors.As(err, &te):
		for _, s := range te.Errors {
			line, msg := splitLine(s)
			p.add(line, path, "%s", quoted.ReplaceAllString(msg, "this value"))
		}
	default:
		p.refuse(n, path, err)
	}
}

// leadingKey finds the key at the start of an error of a network's checks.
var leadingKey = regexp.MustCompile(`^([a-z_]+(?:\[\d+\]|\.[a-z_]+)*): (?s:(.*))$`)

// refuse adds an error that a network's checks gave about the block n. When it
// begins with a key, the line is that of the key.
func (p *parser) refuse(n *yaml.Node, path string, err error) {
	key, text := path, strings.TrimPrefix(err.Error(), "yaml: ")
	line := n.Line
	if m := leadingKey.FindStringSubmatch(text); m != nil {
		key, text = join(path, m[1]), m[2]
		line = deepest(n, m[1]).Line
	}
	p.add(line, key, "%s", text)
}

// own decodes the network's keys of a bridge's block.
func (p *parser) own(n *yaml.Node, path string, b *Bridge) {
	b.Own = p.networks[b.Network]()
	rest := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
	shared := keys(reflect.TypeFor[Bridge]())
	for i := 0; i+1 < len(n.Content); i += 2 {
		if _, ok := shared[n.Content[i].Value]; !ok {
			rest.Content = append(rest.Content, n.Content[i], n.Content[i+1])
		}
	}
	p.decode(rest, path, b.Own)
}
