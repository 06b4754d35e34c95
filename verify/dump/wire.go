package dump

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// The parts of Envoy's messages that are read.
// Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump_shared.proto
type (
	wireBootstrap struct {
		Node struct {
			ID                    string
			Metadata              map[string]jsontext.Value
			UserAgentBuildVersion struct {
				Version struct{ MajorNumber, MinorNumber number }
			}
		}
	}
	wireListenerState struct {
		Name        string
		Listener    *wireListener // of a static one
		ActiveState struct{ Listener *wireListener }
		ErrorState  *struct{ Details, LastUpdateAttempt string }
	}
	wireListener struct {
		Name                string
		Address             wireAddress
		AdditionalAddresses []struct{ Address wireAddress }
		TrafficDirection    string
		UseOriginalDst      bool
		FilterChains        []wireChain
		DefaultFilterChain  *wireChain
		SocketOptions       []struct{ Level, Name, IntValue number }
		TCPKeepalive        *wireKeepalive
	}
	wireAddress struct {
		SocketAddress struct {
			Address   string
			PortValue number
		}
	}
	wireChain struct {
		Name             string
		FilterChainMatch wireMatch
		Filters          []struct{ TypedConfig jsontext.Value }
	}
	wireMatch struct {
		DestinationPort number
		PrefixRanges    []struct {
			AddressPrefix string
			PrefixLen     number
		}
		TransportProtocol    string
		ApplicationProtocols []string
		ServerNames          []jsontext.Value
		// Of these only matters that they are there.
		SourceType               string
		SourcePrefixRanges       []jsontext.Value
		DirectSourcePrefixRanges []jsontext.Value
		SourcePorts              []jsontext.Value
	}
	wireFilter struct {
		Type                            string `json:"@type"`
		IdleTimeout                     string
		MaxDownstreamConnectionDuration string
		Cluster                         string
		WeightedClusters                struct{ Clusters []struct{ Name string } }
		TunnelingConfig                 map[string]jsontext.Value
		UpgradeConfigs                  []struct{ UpgradeType string }
		CommonHTTPProtocolOptions       struct{ IdleTimeout, MaxConnectionDuration string }
		OnNewConnection                 []struct {
			ObjectKey    string
			FormatString struct {
				TextFormatSource struct{ InlineString string }
			}
		}
		// Of a TypedStruct, which may stand for any of them.
		TypeURL string
		Value   jsontext.Value
	}
	wireClusterState struct {
		Cluster struct {
			Name                      string
			UpstreamConnectionOptions struct{ TCPKeepalive *wireKeepalive }
			Metadata                  struct {
				FilterMetadata struct{ Istio struct{ Config string } }
			}
		}
	}
	wireKeepalive struct{ KeepaliveTime, KeepaliveInterval, KeepaliveProbes number }
)

// number is an integer, which protobuf's JSON writes as a text when it has 64 bits.
type number int64

// UnmarshalJSON takes both forms.
func (n *number) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" {
		return nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	*n = number(value)
	return err
}

// port is n as a port, 0 if it is none.
func (n number) port() uint16 {
	if n < 0 || n > math.MaxUint16 {
		return 0
	}
	return uint16(n)
}

// small is n in 32 bits, the nearest where it does not fit.
func (n number) small() uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

// duration reads protobuf's form, "172800s"; nil for none. What Go's type cannot
// hold is as long as that goes.
func duration(text string) *time.Duration {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		d = math.MaxInt64
	}
	return &d
}
