package rules

import (
	"net/netip"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/util/validation"
)

// isDNSLabel says whether s is a DNS-1123 label. It does what
// validation.IsDNS1123Label does without a regular expression.
func isDNSLabel(s string) bool {
	if s == "" || len(s) > validation.DNS1123LabelMaxLength {
		return false
	}
	for i := range len(s) {
		if !isLabelByte(s[i]) && (s[i] != '-' || i == 0 || i == len(s)-1) {
			return false
		}
	}
	return true
}

func isLabelByte(c byte) bool { return c >= 'a' && c <= 'z' || isDigit(c) }

// labelHint makes a label of s, if little is missing.
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
	return fixed
}

// namespace reads a name or glob of namespaces. "*" stands for any number of
// characters.
func (l *loader) namespace(n *yaml.Node, at *path) (string, bool) {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: a namespace or a glob such as \"team-*\"")
	if !ok {
		return "", false
	}
	switch {
	case strings.Contains(s, "**"):
		l.errorAt(n, BadNamespace, at, "got %s, want one * at a place: write %s", show(s), show(strings.ReplaceAll(s, "**", "*")))
	case !isDNSLabel(strings.ReplaceAll(s, "*", "a")):
		hint := ""
		if lower := strings.ToLower(s); lower != s && isDNSLabel(strings.ReplaceAll(lower, "*", "a")) {
			hint = ": write " + lower
		}
		l.errorAt(n, BadNamespace, at, "got %s, want a namespace or a glob such as \"team-*\" (lower case letters, digits, \"-\" and \"*\", at most 63)%s", show(s), hint)
	default:
		return l.intern(s), true
	}
	return "", false
}

// host reads a DNS name or a glob of names, and returns it in lower case.
func (l *loader) host(n *yaml.Node, at *path) (string, bool) {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: a host name or a glob such as \"*.example.com\"")
	if !ok {
		return "", false
	}
	if why := hostProblem(strings.ToLower(s)); why != "" {
		l.errorAt(n, BadHost, at, "got %s, want a DNS name or a glob such as \"*.example.com\": %s", show(s), why)
		return "", false
	}
	return l.intern(strings.ToLower(s)), true
}

// hostProblem says what is wrong with a host glob in lower case, and what to
// write.
func hostProblem(s string) string {
	if s == "" {
		return "write a name"
	}
	if s == "*" || s == "**" {
		return "* alone is every host; name a domain, or leave hosts out"
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		rest, _, _ = strings.Cut(rest, "/")
		_, after, found := strings.Cut(rest, "@")
		if found {
			rest = after
		}
		name, _, _ := strings.Cut(rest, ":")
		if hostProblem(name) == "" {
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
		if _, isPort := decimal(p); isPort && hostProblem(name) == "" {
			return "write the name \"" + name + "\" here and the port " + p + " under ports"
		}
		return "a name has no \":\"; ports stand under ports"
	}
	if strings.HasSuffix(s, ".") && hostProblem(s[:len(s)-1]) == "" {
		return "write \"" + s[:len(s)-1] + "\", without the last dot"
	}
	if strings.HasPrefix(s, ".") && hostProblem("*"+s) == "" {
		return "write \"*" + s + "\""
	}
	if len(s) > validation.DNS1123SubdomainMaxLength {
		return "a name has at most 253 characters"
	}
	for i, label := range strings.Split(s, ".") {
		if why := hostLabelProblem(label, i == 0); why != "" {
			return why
		}
	}
	if last := s[strings.LastIndexByte(s, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return "the last label of a name has a letter; networks stand under cidrs"
	}
	return ""
}

func hostLabelProblem(label string, first bool) string {
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
	case !isDNSLabel(strings.ReplaceAll(label, "*", "a")):
		for _, r := range label {
			if r >= 0x80 {
				return "write names with other letters in their ASCII form (xn--...)"
			}
		}
		return "a label (the part between dots) is letters, digits and \"-\", a letter or digit at both ends"
	}
	return ""
}
