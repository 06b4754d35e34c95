package annotations

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
)

// TakeBack returns the annotations as their authors wrote them: without what
// holdfast wrote, as the record on the pod remembers it. What somebody has
// changed since is that person's. Without a record they are as they are.
func (v Values) TakeBack() Values {
	if !v[Applied].Present {
		return v
	}
	r := readRecord(v[Applied].Text)
	v[Applied] = Value{}
	was, had := r.Was[recordKeepalive]
	v[Keepalive] = Value{was, had}
	v[ExcludedPorts] = r.listBack(ExcludedPorts, v[ExcludedPorts], isPorts)
	v[ExcludedRanges] = r.listBack(ExcludedRanges, v[ExcludedRanges], isPrefixes)
	if v[ProxyConfig].Present {
		v[ProxyConfig] = r.configBack(v[ProxyConfig])
	}
	return v
}

func isPorts(text string) bool {
	_, err := istio.ParsePorts(text)
	return err == nil
}

func isPrefixes(text string) bool {
	_, err := istio.ParsePrefixes(text)
	return err == nil
}

// configBack is the author's ProxyConfig; what is there, if it has no safe edit.
func (r *Record) configBack(there Value) Value {
	config, err := proxyconfig.Parse(there.Text)
	if err != nil {
		return there
	}
	isOurs := func(key string) bool {
		text, there := config.Metadata(key)
		wrote, ok := r.Wrote[key]
		return strings.HasPrefix(key, istio.HoldfastMetadataPrefix) || there && ok && wrote == text
	}
	back := proxyconfig.Back{Metadata: r.Made != "", Was: map[string]string{}, FieldsWere: map[proxyconfig.Field]string{}}
	for _, key := range config.MetadataKeys() {
		if isOurs(key) {
			back.Remove = append(back.Remove, key)
		}
	}
	for key, was := range r.Was {
		if isOurs(key) {
			back.Was[key] = was
		}
	}
	for _, f := range proxyconfig.Fields() {
		if value, ok := config.Field(f); !ok || value != r.Wrote[f.String()] {
			continue
		}
		back.Fields = append(back.Fields, f)
		if was, ok := r.Was[f.String()]; ok {
			back.FieldsWere[f] = was
		}
	}
	rest, err := config.TakeBack(back)
	if err != nil { // what the record says was there cannot be put there
		back.Was, back.FieldsWere = nil, nil
		if rest, err = config.TakeBack(back); err != nil {
			return there
		}
	}
	was, hadText := r.Was[recordConfig]
	switch {
	case !rest.IsEmpty():
	case r.Made == recordConfig && !strings.Contains(rest.Text(), "#"): // a comment is somebody's
		return Value{}
	case hadText && proxyconfig.Same(was, rest.Text()):
		return Value{was, true}
	}
	return Value{rest.Text(), true}
}
