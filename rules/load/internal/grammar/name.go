package grammar

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"
)

// IsDNSLabel reports whether s is a DNS-1123 label. It does what
// validation.IsDNS1123Label does without a regular expression.
func IsDNSLabel(s string) bool {
	if s == "" || len(s) > validation.DNS1123LabelMaxLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || i == 0 || i == len(s)-1) {
			return false
		}
	}
	return true
}

// IsDNSGlob reports the same of a label in which "*" stands for any characters.
func IsDNSGlob(s string) bool {
	return len(s) <= validation.DNS1123LabelMaxLength && IsDNSLabel(strings.ReplaceAll(s, "*", "a"))
}

// LabelHint is ": write ..." with a label like s, if little is missing.
func LabelHint(s string) string {
	fixed := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '.' || r == ' ' || r == '/':
			return '-'
		case r < 0x80:
			return r
		}
		return -1
	}, strings.ToLower(s)), "-")
	if len(fixed) > validation.DNS1123LabelMaxLength {
		fixed = strings.TrimRight(fixed[:validation.DNS1123LabelMaxLength], "-")
	}
	if !IsDNSLabel(fixed) {
		return ""
	}
	return ": write " + fixed
}

// isHost reports whether s, in lower case, is a host glob.
func isHost(s string) bool { return HostProblem(s) == "" }

// HostHint says what to write instead of what is no host glob, if that is
// plain: most often it is more than a name.
func HostHint(s string) string {
	if len(s) > maxHost {
		return ""
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		rest, _, _ = strings.Cut(rest, "/")
		if _, after, found := strings.Cut(rest, "@"); found {
			rest = after
		}
		if name, _, _ := strings.Cut(rest, ":"); isHost(name) {
			return "write only the name, \"" + name + "\""
		}
		return "write only the name, without a scheme"
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return "this is an address; write \"" + netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen()).String() + "\" under cidrs"
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return "this is a network; write it under cidrs"
	}
	if name, p, ok := strings.Cut(s, ":"); ok {
		if _, isPort := Decimal(p); isPort && isHost(name) {
			return "write the name \"" + name + "\" here and the port " + p + " under ports"
		}
		return "a name has no \":\"; ports stand under ports"
	}
	if name, ok := strings.CutSuffix(s, "."); ok && isHost(name) {
		return "write \"" + name + "\", without the last dot"
	}
	if strings.HasPrefix(s, ".") && isHost("*"+s) {
		return "write \"*" + s + "\""
	}
	return ""
}

// maxHost is the longest text that may be a name with more than the name.
const maxHost = 4096

// HostProblem says what is wrong with a host glob in lower case, or nothing.
func HostProblem(s string) string {
	switch {
	case s == "":
		return "write a name"
	case s == "*" || s == "**":
		return "* alone is every host; name a domain, or leave hosts out"
	case len(s) > validation.DNS1123SubdomainMaxLength:
		return "a name has at most 253 characters"
	}
	labels := strings.Split(s, ".")
	for i, label := range labels {
		if why := labelProblem(label, i == 0); why != "" {
			return why
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "the last label of a name has a letter; networks stand under cidrs"
	}
	return ""
}

func labelProblem(label string, first bool) string {
	switch {
	case label == "":
		return "there is an empty label (two dots, or a dot at an end)"
	case label == "*" && first:
		return ""
	case label == "*":
		return "* may be a whole label only at the very left"
	case strings.Contains(label, "**"):
		return "write one * instead of **"
	case strings.Contains(label, "_"):
		return "\"_\" is no part of a host name"
	case len(label) > validation.DNS1123LabelMaxLength:
		return "a label (the part between dots) has at most 63 characters"
	case !IsDNSGlob(label):
		if strings.ContainsFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return "write names with other letters in their ASCII form (xn--...)"
		}
		return "a label (the part between dots) is letters, digits and \"-\", a letter or digit at both ends"
	}
	return ""
}
