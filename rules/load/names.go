package load

import (
	"cmp"
	"net/netip"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"
)

// isDNSLabel reports whether s is a DNS-1123 label. It does what
// validation.IsDNS1123Label does without a regular expression.
func isDNSLabel(s string) bool {
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

// isDNSGlob reports the same of a label in which "*" stands for any characters.
func isDNSGlob(s string) bool {
	return len(s) <= validation.DNS1123LabelMaxLength && isDNSLabel(strings.ReplaceAll(s, "*", "a"))
}

// labelHint is ": write ..." with a label like s, if little is missing.
func labelHint(s string) string {
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
	if !isDNSLabel(fixed) {
		return ""
	}
	return ": write " + fixed
}

// namespace reads a name or glob of namespaces. "*" stands for any number of
// characters.
func (l *loader) namespace(v value) (string, bool) {
	s, ok := l.text(v, "text: a namespace or a glob such as \"team-*\"")
	if !ok {
		return "", false
	}
	switch {
	case strings.Contains(s, "**"):
		l.errorAt(v, badNamespace, "got %s, want one * at a place: write %s", show(s), show(strings.ReplaceAll(s, "**", "*")))
	case !isDNSGlob(s):
		hint := ""
		if lower := strings.ToLower(s); lower != s && isDNSGlob(lower) {
			hint = ": write " + lower
		}
		l.errorAt(v, badNamespace, "got %s, want a namespace or a glob such as \"team-*\" (lower case letters, digits, \"-\" and \"*\", at most 63)%s", show(s), hint)
	default:
		return l.intern(s), true
	}
	return "", false
}

// host reads a DNS name or a glob of names, and returns it in lower case.
func (l *loader) host(v value) (string, bool) {
	s, ok := l.text(v, "text: a host name or a glob such as \"*.example.com\"")
	if !ok {
		return "", false
	}
	lower := strings.ToLower(s)
	if why := nameProblem(lower); why != "" {
		l.errorAt(v, badHost, "got %s, want a DNS name or a glob such as \"*.example.com\": %s", show(s),
			later(func() string { return cmp.Or(hostHint(lower), why) }))
		return "", false
	}
	return l.intern(lower), true
}

// isHost reports whether s, in lower case, is a host glob.
func isHost(s string) bool { return nameProblem(s) == "" }

// hostHint says what to write instead of what is no host glob, if that is
// plain: most often it is more than a name.
func hostHint(s string) string {
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
		if _, isPort := decimal(p); isPort && isHost(name) {
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

// nameProblem says what is wrong with a host glob in lower case, or nothing.
func nameProblem(s string) string {
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
	case !isDNSGlob(label):
		if strings.ContainsFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return "write names with other letters in their ASCII form (xn--...)"
		}
		return "a label (the part between dots) is letters, digits and \"-\", a letter or digit at both ends"
	}
	return ""
}
