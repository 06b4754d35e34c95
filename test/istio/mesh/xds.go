package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"istio.io/istio/pilot/cmd/pilot-agent/config"
	"istio.io/istio/pkg/bootstrap"
	corev1 "k8s.io/api/core/v1"
)

// Types of xDS resources.
const (
	clusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	listenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
)

// istioVersion is what a proxy reports: the pilot-agent of bin/istio is built
// with it.
const istioVersion = "1.31.0"

// Served is what istiod serves to one proxy.
type Served struct {
	Listeners map[string]*listener.Listener
	Clusters  map[string]*cluster.Cluster
}

// Serve asks for the configuration of an injected pod's proxy, as its
// pilot-agent would: with the node metadata that pilot-agent's own code derives
// from the environment of the injected container. podIP is the pod's address,
// any unused one where nothing runs.
func (i *Istiod) Serve(ctx context.Context, pod *corev1.Pod, podIP string) (*Served, error) {
	node, err := proxyNode(pod, podIP)
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(i.XDS, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(connection).StreamAggregatedResources(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking istiod for a proxy's configuration: %w", err)
	}
	served := &Served{Listeners: map[string]*listener.Listener{}, Clusters: map[string]*cluster.Cluster{}}
	err = fetch(stream, node, clusterType, func() proto.Message { return &cluster.Cluster{} }, func(m proto.Message) {
		c := m.(*cluster.Cluster)
		served.Clusters[c.GetName()] = c
	})
	if err != nil {
		return nil, err
	}
	err = fetch(stream, node, listenerType, func() proto.Message { return &listener.Listener{} }, func(m proto.Message) {
		l := m.(*listener.Listener)
		served.Listeners[l.GetName()] = l
	})
	return served, err
}

// fetch requests all resources of a type and hands them over.
func fetch(stream discovery.AggregatedDiscoveryService_StreamAggregatedResourcesClient, node *core.Node, typeURL string, make func() proto.Message, add func(proto.Message)) error {
	if err := stream.Send(&discovery.DiscoveryRequest{Node: node, TypeUrl: typeURL}); err != nil {
		return fmt.Errorf("requesting %s: %w", typeURL, err)
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", typeURL, err)
		}
		if response.GetTypeUrl() != typeURL {
			continue // a push of what was asked for before
		}
		for _, resource := range response.GetResources() {
			message := make()
			if err := resource.UnmarshalTo(message); err != nil {
				return fmt.Errorf("reading %s: %w", typeURL, err)
			}
			add(message)
		}
		return nil
	}
}

// proxyNode is how the proxy of an injected pod introduces itself to istiod.
func proxyNode(pod *corev1.Pod, podIP string) (*core.Node, error) {
	container := Container(pod, ProxyContainer)
	if container == nil {
		return nil, fmt.Errorf("pod %s/%s has no container %s", pod.Namespace, pod.Name, ProxyContainer)
	}
	environment, err := Environment(pod, container, podIP)
	if err != nil {
		return nil, err
	}
	text, _ := Value(environment, "PROXY_CONFIG")
	proxyConfig, err := config.ConstructProxyConfig("", "", text, 0)
	if err != nil {
		return nil, fmt.Errorf("reading PROXY_CONFIG of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	kind := "sidecar"
	if len(container.Args) > 1 && container.Args[0] == "proxy" {
		kind = container.Args[1] // "router" in gateways
	}
	id := fmt.Sprintf("%s~%s~%s.%s~%s.svc.cluster.local", kind, podIP, pod.Name, pod.Namespace, pod.Namespace)
	node, err := bootstrap.GetNodeMetaData(bootstrap.MetadataOptions{
		ID:          id,
		Envs:        append(slices.Clone(environment), "ISTIO_META_ISTIO_VERSION="+istioVersion),
		InstanceIPs: []string{podIP},
		ProxyConfig: proxyConfig,
	})
	if err != nil {
		return nil, fmt.Errorf("deriving the node metadata of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	metadata, err := mergeMetadata(node.Metadata, node.RawMetadata, pod.Labels)
	if err != nil {
		return nil, err
	}
	return &core.Node{Id: id, Metadata: metadata, Locality: node.Locality}, nil
}

// mergeMetadata joins typed and untyped node metadata as pilot-agent does when
// it writes Envoy's bootstrap: typed fields win. The labels come from a file of
// the downward API there.
func mergeMetadata(typed any, raw map[string]any, labels map[string]string) (*structpb.Struct, error) {
	data, err := json.Marshal(typed)
	if err != nil {
		return nil, err
	}
	merged := maps.Clone(raw)
	if err := json.Unmarshal(data, &merged); err != nil {
		return nil, err
	}
	podLabels := map[string]any{}
	for key, value := range labels {
		podLabels[key] = value
	}
	merged["LABELS"] = podLabels
	return structpb.NewStruct(merged)
}
