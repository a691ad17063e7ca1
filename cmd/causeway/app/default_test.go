package app

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"causeway/bridges/matrix"
	"causeway/bridges/sms"
	"causeway/cmd/causeway/config"
)

const defaultFile = "../../../config.yaml"

func readDefault(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(defaultFile)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The file in the repository is a working configuration of default values.
func TestDefaultFile(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	c, err := config.Parse(defaultFile, readDefault(t), none, Networks())
	if err != nil {
		t.Fatal(err)
	}
	d, bridge := config.Default(), config.DefaultBridge()
	if c.Server != d.Server || c.Store != d.Store || c.HTTP != d.HTTP || c.Log != d.Log {
		t.Errorf("not the defaults: %+v", c)
	}
	if c.Media.MaxSize != d.Media.MaxSize || len(c.Media.FetchPrivate) != 0 {
		t.Errorf("not the defaults: %+v", c.Media)
	}
	b := c.Bridges[0]
	if b.Hold != bridge.Hold || b.Limits != bridge.Limits {
		t.Errorf("not the defaults: %+v", b)
	}
	own, ds := *b.Own.(*sms.Config), sms.DefaultConfig()
	if own.Unknown != ds.Unknown || own.MaxParts != ds.MaxParts || own.Receipts != ds.Receipts {
		t.Errorf("not the defaults: %+v", own)
	}
	home, dm := *c.Bridges[1].Own.(*matrix.Config), matrix.DefaultConfig()
	home.Homeserver = dm.Homeserver
	if !reflect.DeepEqual(home, dm) {
		t.Errorf("not the defaults: %+v", home)
	}
	bind, db := own.Connectors[0].SMPP, sms.DefaultSMPP()
	bind.Address, bind.SystemID, bind.Password = "", "", ""
	if bind != db {
		t.Errorf("not the defaults: %+v", bind)
	}
}

// off finds settings that are off: a # with a key right behind it.
var off = regexp.MustCompile(`(?m)^( *)#([a-z_]+:.*)$`)

// The file has every key of every struct, on or off, and no other.
func TestDefaultFileIsComplete(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal(off.ReplaceAll(readDefault(t), []byte("$1$2")), &doc); err != nil {
		t.Fatal(err)
	}
	var have, want []string
	inFile(doc.Content[0], "", &have)
	inStruct(reflect.TypeFor[config.Config](), "", &want)
	inStruct(reflect.TypeFor[sms.Config](), "bridges.", &want)
	inStruct(reflect.TypeFor[matrix.Config](), "bridges.", &want)
	for _, list := range []*[]string{&have, &want} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
		// Told once, where the general one is.
		*list = slices.DeleteFunc(*list, func(k string) bool { return strings.HasPrefix(k, "bridges.server.") })
	}
	for _, k := range want {
		if !slices.Contains(have, k) {
			t.Errorf("%s is missing", k)
		}
	}
	for _, k := range have {
		if !slices.Contains(want, k) {
			t.Errorf("%s is no key", k)
		}
	}
}

// inFile collects the paths of keys below n.
func inFile(n *yaml.Node, path string, list *[]string) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			inFile(c, path, list)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := path + n.Content[i].Value
			*list = append(*list, key)
			inFile(n.Content[i+1], key+".", list)
		}
	}
}

// inStruct collects the paths of keys of a struct.
func inStruct(t reflect.Type, path string, list *[]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch key := f.Tag.Get("yaml"); key {
		case "-":
		case ",inline":
			inStruct(f.Type, path, list)
		default:
			*list = append(*list, path+key)
			inStruct(f.Type, path+key+".", list)
		}
	}
}
