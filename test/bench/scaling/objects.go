package main

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// objects are how many of each kind there are in the cluster. They only become more.
type objects struct{ namespaces, configMaps int }

// make makes what is missing.
func (b *bench) make(ctx context.Context, want objects) error {
	want = objects{min(want.namespaces, b.most), min(want.configMaps, b.most)}
	had := b.made
	b.made = objects{max(had.namespaces, want.namespaces), max(had.configMaps, want.configMaps)}
	if err := together(had.namespaces, want.namespaces, func(i int) error { return b.makeNamespace(ctx, team(i)) }); err != nil {
		return err
	}
	return together(had.configMaps, want.configMaps, func(i int) error {
		return b.cluster.Client.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: team(i % want.namespaces), Name: fmt.Sprintf("app-%d", i)},
			Data:       map[string]string{"REDIS_URL": fmt.Sprintf("redis://cache-%d.example.com:6379/0", i), "LOG_LEVEL": "info"},
		})
	})
}

func team(i int) string { return fmt.Sprintf("team-%d", i) }

// makeNamespace makes a namespace whose pods are considered: of others nothing is kept.
func (b *bench) makeNamespace(ctx context.Context, name string) error {
	return b.cluster.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"holdfast.dev/enabled": "true", "istio-injection": "enabled", "environment": "production"},
	}})
}

// setConfigMap edits the ConfigMap with the rules, which holdfast's other webhook looks at.
func (b *bench) setConfigMap(ctx context.Context, rules string) error {
	var configMap corev1.ConfigMap
	key := client.ObjectKey{Namespace: cluster.Namespace, Name: "holdfast-rules"}
	if err := b.cluster.Client.Get(ctx, key, &configMap); err != nil {
		return err
	}
	configMap.Data = map[string]string{admission.RulesKey: rules}
	return b.cluster.Client.Update(ctx, &configMap)
}

// together does something for each number from one up to another, several at a time.
func together(from, to int, do func(int) error) (err error) {
	const atATime = 8
	numbers := make(chan int)
	var all sync.WaitGroup
	var mu sync.Mutex
	for range atATime {
		all.Go(func() {
			for i := range numbers {
				if problem := do(i); problem != nil {
					mu.Lock()
					err = problem
					mu.Unlock()
				}
			}
		})
	}
	for i := from; i < to; i++ {
		numbers <- i
	}
	close(numbers)
	all.Wait()
	return err
}
