package settings

import (
	"path"
	"strings"
)

// format is how a file is read.
type format uint8

const (
	lines   format = iota // names with values, line by line
	flow                  // JSON
	linked                // no settings: a script, markup, a template
	ignored               // nothing that an address of the pod's is in
)

// endings are those of files whose format is known. Others are looked at.
var endings = func() map[string]format {
	table := map[string]format{}
	for f, list := range map[format]string{
		lines: `.yaml .yml .properties .props .ini .cfg .cnf .conf .config .env .toml`,
		// What a program runs or fills in says what might be used, by whom is open: only
		// a URL says enough by itself.
		linked: `.sh .bash .py .js .mjs .ts .rb .pl .php .go .groovy .java .ps1 .xml .xsl .html .htm .tmpl .tpl .gotmpl .template .j2 .erb .txt .vcl .rego .star`,
		// Certificates and keys, data, documentation, what monitoring shows and alerts of.
		ignored: `.crt .cer .pem .key .ca .csr .der .p12 .jks .pub .sql .csv .css .svg .md .rst .log .lua .wasm .rules .ldif .proto .graphql`,
	} {
		for ending := range strings.FieldsSeq(list) {
			table[ending] = f
		}
	}
	return table
}()

// formatOf tells how to read a file.
func formatOf(file, text string) format {
	start := strings.TrimLeft(text, " \t\r\n\ufeff")
	if strings.HasPrefix(start, "#!") {
		return linked
	}
	if strings.Contains(text[:min(len(text), 4096)], "-----BEGIN ") {
		return ignored
	}
	f, known := endings[strings.ToLower(path.Ext(file))]
	switch {
	case f == linked, f == ignored:
		return f
	case !known && strings.HasPrefix(start, "<"):
		return linked
	case strings.HasPrefix(start, "{") && !strings.HasPrefix(start, "{{"), !known && strings.HasPrefix(start, "[{"):
		if isDashboard(start) {
			return ignored
		}
		return flow
	}
	return lines
}

// isDashboard reports whether a JSON text is what a page of graphs shows: its texts are
// names of measurements, from anywhere.
func isDashboard(text string) bool {
	return strings.Contains(text, `"panels"`) || strings.Contains(text, `"dashboard"`)
}

// isLoose reports whether names and values may be parted by blanks alone, as in files of
// fluent-bit and nginx.
func isLoose(file string) bool {
	ending := strings.ToLower(path.Ext(file))
	return ending == ".conf" || ending == ".cfg" || ending == ".cnf" || ending == ".config"
}

// Known reports whether a file's name tells its format.
func Known(file string) bool {
	_, known := endings[strings.ToLower(path.Ext(file))]
	return known
}
