package proxyconfig

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	mesh "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
)

// validateProxyConfig refuses what the injector's validation of a decoded
// ProxyConfig refuses, and names the field. drainDuration is not among it:
// checkDrainDuration asks the same of its text.
//
// Source: ValidateMeshConfigProxyConfig in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/config/validation/agent/validation.go
func validateProxyConfig(config *mesh.ProxyConfig) (field string, err error) {
	if config.ConfigPath == "" {
		return "configPath", errEmpty
	}
	if config.BinaryPath == "" {
		return "binaryPath", errEmpty
	}
	if cluster, ok := config.ClusterName.(*mesh.ProxyConfig_ServiceCluster); ok && cluster.ServiceCluster == "" {
		return "serviceCluster", errEmpty
	}
	if err := validAddress(config.DiscoveryAddress); err != nil {
		return "discoveryAddress", err
	}
	if err := validTracing(config.Tracing); err != nil {
		return "tracing", err
	}
	for _, address := range []struct{ field, value string }{
		{"statsdUdpAddress", config.StatsdUdpAddress},
		//lint:ignore SA1019 Istio still validates the deprecated field
		{"envoyMetricsServiceAddress", config.EnvoyMetricsServiceAddress},
		{"envoyMetricsService", config.EnvoyMetricsService.GetAddress()},
		{"envoyAccessLogService", config.EnvoyAccessLogService.GetAddress()},
	} {
		if address.value != "" {
			if err := validAddress(address.value); err != nil {
				return address.field, err
			}
		}
	}
	if err := validPort(int(config.ProxyAdminPort)); err != nil {
		return "proxyAdminPort", err
	}
	if policy := config.ControlPlaneAuthPolicy; policy != mesh.AuthenticationPolicy_NONE &&
		policy != mesh.AuthenticationPolicy_MUTUAL_TLS {
		return "controlPlaneAuthPolicy", fmt.Errorf("got %d, want NONE or MUTUAL_TLS", policy)
	}
	if err := validPort(int(config.StatusPort)); err != nil {
		return "statusPort", err
	}
	if err := validPrivateKeyProvider(config.PrivateKeyProvider); err != nil {
		return "privateKeyProvider", err
	}
	return "connectionSettings", validConnectionSettings(config.ConnectionSettings)
}

var errEmpty = errors.New("got an empty text, want a value, or leave the field out")

func validPort(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("got port %d, want 1 to 65535", port)
	}
	return nil
}

var dnsLabel = regexp.MustCompile("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$")

// validAddress wants host:port.
func validAddress(address string) error {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("got address %q, want host:port", address)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return fmt.Errorf("got address %q with port %q, want a number", address, portText)
	}
	if err := validPort(port); err != nil {
		return err
	}
	if _, err := netip.ParseAddr(host); err == nil || isDomainName(host) {
		return nil
	}
	return fmt.Errorf("got address %q with host %q, want a DNS name or an IP address", address, host)
}

// isDomainName takes one trailing dot, and no number as the last label.
func isDomainName(name string) bool {
	if name == "" || len(name) > 255 {
		return false
	}
	labels := strings.Split(name, ".")
	last := len(labels) - 1
	if _, err := strconv.Atoi(labels[last]); err == nil {
		return false
	}
	for i, label := range labels {
		if i == last && label == "" {
			return true
		}
		if len(label) > 63 || !dnsLabel.MatchString(label) {
			return false
		}
	}
	return true
}

func validTracing(tracing *mesh.Tracing) error {
	// The address may name the node by this variable.
	local := func(address string) string { return strings.Replace(address, "$(HOST_IP)", "127.0.0.1", 1) }
	if lightstep := tracing.GetLightstep(); lightstep != nil {
		if err := validAddress(lightstep.Address); err != nil {
			return fmt.Errorf("lightstep: %w", err)
		}
		if lightstep.AccessToken == "" {
			return errors.New("lightstep: got no accessToken, want one")
		}
	}
	if zipkin := tracing.GetZipkin(); zipkin != nil {
		if err := validAddress(local(zipkin.Address)); err != nil {
			return fmt.Errorf("zipkin: %w", err)
		}
	}
	if datadog := tracing.GetDatadog(); datadog != nil {
		if err := validAddress(local(datadog.Address)); err != nil {
			return fmt.Errorf("datadog: %w", err)
		}
	}
	return validTracingTLS(tracing.GetTlsSettings())
}

// validTracingTLS is Istio's validation of client TLS settings where no
// namespace is known.
func validTracingTLS(tls *networking.ClientTLSSettings) error {
	simple := tls.GetMode() == networking.ClientTLSSettings_SIMPLE
	mutual := tls.GetMode() == networking.ClientTLSSettings_MUTUAL
	insecure := tls.GetInsecureSkipVerify().GetValue()
	credential := tls.GetCredentialName()
	switch {
	case tls == nil:
		return nil
	case strings.HasPrefix(credential, "configmap://"):
		return fmt.Errorf("tlsSettings: got credentialName %q, want a secret", credential)
	case insecure && simple && (tls.CaCertificates != "" || credential != "" || tls.SubjectAltNames != nil):
		return errors.New("tlsSettings: got insecureSkipVerify beside caCertificates, credentialName or " +
			"subjectAltNames, want it alone")
	case insecure && mutual && (tls.CaCertificates != "" || tls.SubjectAltNames != nil):
		return errors.New("tlsSettings: got insecureSkipVerify beside caCertificates or subjectAltNames, want it alone")
	case (simple || mutual) && credential != "":
		if tls.ClientCertificate != "" || tls.CaCertificates != "" || tls.PrivateKey != "" || tls.CaCrl != "" {
			return errors.New("tlsSettings: got credentialName beside certificates, want one of them")
		}
	case mutual && (tls.ClientCertificate == "" || tls.PrivateKey == ""):
		return errors.New("tlsSettings: got mode MUTUAL without clientCertificate or privateKey, want both")
	}
	return nil
}

func validPrivateKeyProvider(provider *mesh.PrivateKeyProvider) error {
	var delay *durationpb.Duration
	switch {
	case provider == nil:
		return nil
	case provider.GetCryptomb() != nil:
		delay = provider.GetCryptomb().PollDelay
	case provider.GetQat() != nil:
		delay = provider.GetQat().PollDelay
	default:
		return errors.New("got no provider, want cryptomb or qat")
	}
	if delay.GetSeconds() == 0 && delay.GetNanos() == 0 {
		return errors.New("got no pollDelay, want one above 0s")
	}
	return nil
}

func validConnectionSettings(settings *mesh.ProxyConfig_ConnectionSettings) error {
	if settings == nil {
		return nil
	}
	const minimumWindow = 65535 // https://www.rfc-editor.org/rfc/rfc9113#section-6.9.2
	for _, number := range []struct {
		field string
		value *wrapperspb.Int32Value
		least int32
	}{
		{"listenerPerConnectionBufferLimitBytes", settings.ListenerPerConnectionBufferLimitBytes, 0},
		{"clusterPerConnectionBufferLimitBytes", settings.ClusterPerConnectionBufferLimitBytes, 0},
		{"httpMaxConcurrentStreams", settings.HttpMaxConcurrentStreams, 1},
		{"http2InitialStreamWindowSize", settings.Http2InitialStreamWindowSize, minimumWindow},
		{"http2InitialConnectionWindowSize", settings.Http2InitialConnectionWindowSize, minimumWindow},
		{"listenerConnectionLimit", settings.ListenerConnectionLimit, 1},
		{"globalDownstreamConnectionLimit", settings.GlobalDownstreamConnectionLimit, 1},
	} {
		if number.value != nil && number.value.Value < number.least {
			return fmt.Errorf("%s: got %d, want at least %d", number.field, number.value.Value, number.least)
		}
	}
	for _, duration := range []struct {
		field string
		value *durationpb.Duration
	}{
		{"httpIdleTimeout", settings.HttpIdleTimeout},
		{"httpMaxConnectionDuration", settings.HttpMaxConnectionDuration},
		{"httpDrainTimeout", settings.HttpDrainTimeout},
		{"httpRequestTimeout", settings.HttpRequestTimeout},
		{"httpRequestHeadersTimeout", settings.HttpRequestHeadersTimeout},
		{"httpStreamIdleTimeout", settings.HttpStreamIdleTimeout},
		{"httpMaxStreamDuration", settings.HttpMaxStreamDuration},
	} {
		if duration.value != nil && duration.value.AsDuration() < 0 {
			return fmt.Errorf("%s: got %s, want at least 0s", duration.field, duration.value.AsDuration())
		}
	}
	return nil
}
