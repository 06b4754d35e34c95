package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/scaling/growth"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// loading is a rules file to be loaded.
type loading struct {
	rules int
	form  string
	text  func(rules string) (string, error) // of the file, from that with YAML
	// configMap says that it is no file, but the ConfigMap.
	configMap bool
}

func loadings() (list []loading) {
	plain := func(text string) (string, error) { return text, nil }
	for _, n := range toThousands {
		list = append(list, loading{rules: n, text: plain})
	}
	return append(list,
		loading{rules: 10_000, form: "as JSON", text: asJSON},
		loading{rules: 6_000, form: "in the ConfigMap, where hardly more fit", text: plain, configMap: true})
}

// asJSON is a rules file whose list cannot be cut into pieces.
func asJSON(text string) (string, error) {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return "", err
	}
	var lines bytes.Buffer
	err = json.Indent(&lines, data, "", "")
	return lines.String(), err
}

// loads measures what loading rules takes.
func (b *bench) loads(ctx context.Context) (list []growth.Load, err error) {
	for _, l := range loadings() {
		if l.rules > b.most {
			continue
		}
		m := growth.Load{Rules: l.rules, Form: l.form}
		b.say("loading " + m.Title())
		if err := b.load(ctx, &l, &m); err != nil {
			return nil, fmt.Errorf("loading %s: %w", m.Title(), err)
		}
		list = append(list, m)
	}
	return list, nil
}

func (b *bench) load(ctx context.Context, l *loading, m *growth.Load) error {
	rules := manyRules(l.rules)
	text, err := l.text(rules)
	if err != nil {
		return err
	}
	edited, err := l.text(strings.Replace(rules, "48h", "47h", 1))
	if err != nil {
		return err
	}
	m.Bytes = len(text)
	if m.Milliseconds, err = timeOfLoading([]byte(text)); err != nil {
		return err
	}
	var p *process
	var edit func() error
	if l.configMap {
		p, err = b.startWithConfigMap(ctx, text)
		edit = func() error { return b.setConfigMap(ctx, edited) }
	} else {
		p, err = b.start(ctx, text)
		edit = func() error { return p.write(edited) }
	}
	if err != nil {
		return err
	}
	defer p.stop()
	if m.Start, err = cluster.Memory(p.Pid(), "VmHWM"); err != nil {
		return err
	}
	if err := cluster.ForgetPeak(p.Pid()); err != nil {
		return err
	}
	if err := p.edit(ctx, edit); err != nil {
		return err
	}
	if m.Edit, err = cluster.Memory(p.Pid(), "VmHWM"); err != nil {
		return err
	}
	m.Resident, err = cluster.Memory(p.Pid(), "VmRSS")
	return err
}

// timeOfLoading is the median time in which a text becomes a set of rules here, in milliseconds.
func timeOfLoading(text []byte) (float64, error) {
	var times []time.Duration
	for range 5 {
		begin := time.Now()
		file, problems := load.Rules("rules.yaml", text)
		if file == nil {
			return 0, problems
		}
		decide.Compile(file)
		times = append(times, time.Since(begin))
	}
	return report.Sum(times).P50, nil
}
