package dump

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotADump says that a text is not what Envoy's admin port gives.
var ErrNotADump = errors.New("no config dump of an Envoy")

// How texts of others are decoded: either spelling of keys, and nothing refused
// that Envoy itself might write.
var options = json.JoinOptions(
	json.MatchCaseInsensitiveNames(true), // ignores underscores too
	jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true),
)

// Read reads a config dump. An error is one of reading or of broken JSON, or it
// is ErrNotADump; elements of an unknown shape are named in Unread instead.
func Read(r io.Reader) (*Dump, error) {
	in := jsontext.NewDecoder(r, options)
	d, found := &Dump{}, false
	if in.PeekKind() != '{' {
		return nil, notADump(in)
	}
	err := members(in, func(name string) error {
		if name != "configs" || in.PeekKind() != '[' {
			return in.SkipValue()
		}
		found = true
		return elements(in, func() error { return d.section(in) })
	})
	if err != nil {
		return nil, fmt.Errorf("reading a config dump: %w", err)
	}
	if !found {
		return nil, notADump(in)
	}
	return d, nil
}

func notADump(in *jsontext.Decoder) error {
	if _, err := in.ReadToken(); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a config dump: %w", err)
	}
	return fmt.Errorf("got a text without \"configs\", %w: make one with "+
		"'istioctl proxy-config all POD -o json' or 'kubectl exec POD -c istio-proxy -- pilot-agent request GET config_dump'", ErrNotADump)
}

// section reads one element of configs. It goes by the names of lists and not by
// @type, which may come last.
func (d *Dump) section(in *jsontext.Decoder) error {
	if in.PeekKind() != '{' {
		return in.SkipValue()
	}
	return members(in, func(name string) error {
		switch name {
		case "bootstrap":
			return decode(d, in, name, d.addBootstrap)
		case "staticlisteners", "dynamiclisteners":
			if d.Listeners == nil {
				d.Listeners = []Listener{}
			}
			return each(d, in, "listener", d.addListener)
		case "staticclusters", "dynamicactiveclusters":
			if d.Clusters == nil {
				d.Clusters = map[string]Cluster{}
			}
			static := name == "staticclusters"
			return each(d, in, "cluster", func(w *wireClusterState) { d.addCluster(w, static) })
		}
		return in.SkipValue()
	})
}

// each decodes the elements of a list.
func each[T any](d *Dump, in *jsontext.Decoder, what string, add func(*T)) error {
	if in.PeekKind() != '[' {
		return in.SkipValue()
	}
	return elements(in, func() error { return decode(d, in, what, add) })
}

// maxUnread bounds what is told of elements that could not be read.
const maxUnread = 10

// decode reads one value. A shape that is not Envoy's is noted, and reading goes on.
func decode[T any](d *Dump, in *jsontext.Decoder, what string, add func(*T)) error {
	value, err := in.ReadValue()
	if err != nil {
		return err
	}
	var wire T
	if err := json.Unmarshal(value, &wire, options); err != nil {
		if len(d.Unread) < maxUnread {
			d.Unread = append(d.Unread, fmt.Sprintf("%s %s: %v", what, in.StackPointer(), err))
		}
		return nil
	}
	add(&wire)
	return nil
}

// members calls f for each member of an object, with its name in lower case and
// without underscores; f reads the value.
func members(in *jsontext.Decoder, f func(name string) error) error {
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return err
		}
		if err := f(strings.ToLower(strings.ReplaceAll(name.String(), "_", ""))); err != nil {
			return err
		}
	}
	_, err := in.ReadToken()
	return err
}

// elements calls f before each element of an array.
func elements(in *jsontext.Decoder, f func() error) error {
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	for in.PeekKind() != ']' {
		if in.PeekKind() == 0 { // broken: ReadToken says how
			break
		}
		if err := f(); err != nil {
			return err
		}
	}
	_, err := in.ReadToken()
	return err
}

// ReadServerInfo reads what /server_info of the admin port gives.
func ReadServerInfo(data []byte) (*ServerInfo, error) {
	var wire struct {
		CommandLineOptions struct{ DrainTime string }
		Node               struct{ ID string }
	}
	if err := json.Unmarshal(data, &wire, options); err != nil {
		return nil, fmt.Errorf("reading Envoy's server info: %w", err)
	}
	drain, err := time.ParseDuration(wire.CommandLineOptions.DrainTime)
	if err != nil {
		return nil, fmt.Errorf("got a text without command_line_options.drain_time, want what "+
			"GET /server_info of Envoy's admin port gives: %w", err)
	}
	return &ServerInfo{DrainTime: drain, Node: wire.Node.ID}, nil
}
