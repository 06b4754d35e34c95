package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/form"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// client is the program whose command line is read, if it is a well-known one.
type client struct {
	vocabulary.Client
	words int // how many words without a flag it has got
	is    bool
}

// isCommandLine reports whether a text has flags in it, or a program whose arguments
// count without flags.
func isCommandLine(text string) bool {
	return strings.HasPrefix(text, "-") || strings.Contains(text, " -") ||
		strings.Contains(text, "nc ") || strings.Contains(text, "telnet ") || strings.Contains(text, "cqlsh ")
}

// devices reads the devices by which bash opens connections: /dev/tcp/db/3306.
// Source: https://www.gnu.org/software/bash/manual/html_node/Redirections.html
func (r *Reader) devices(line string) {
	const device = "/dev/tcp/"
	for rest := line; !r.Sink.Full(); {
		i := strings.Index(rest, device)
		if i < 0 {
			return
		}
		rest = rest[i+len(device):]
		host, after, ok := strings.Cut(rest[:min(len(rest), maxName+len("/65535"))], "/")
		if !ok {
			continue
		}
		end := 0
		for end < len(after) && isDigit(after[end]) {
			end++
		}
		f, isHost := parseHost(host)
		port, isPort := parsePort(after[:end])
		if isHost && isPort {
			f.Port, f.Form = port, form.Command
			r.add(f)
		}
	}
}

// commandLine reads the flags of a command line that comes as one text:
// "exec app --db-host db --db-port 3307", "redis-cli -h cache -p 6380". Only
// flags of one command belong together.
func (r *Reader) commandLine(line string) {
	kept, outer := len(r.pairs), r.client
	r.client = client{}
	flag := ""
	for rest := line; rest != "" && len(r.pairs)-kept < MaxSearches; {
		i := 0
		for i < len(rest) && !endsWord(rest[i]) {
			i++
		}
		word := rest[:i]
		if word != "" && (vocabulary.IsConnector(word[0]) || vocabulary.IsConnector(word[len(word)-1])) {
			word = strings.Trim(word, "\"'`")
		}
		ends := word == "&&"
		if rest = rest[i:]; rest != "" {
			ends = ends || rest[0] == ';' || rest[0] == '|'
			rest = rest[1:]
		}
		switch name, value, assigned := strings.Cut(word, "="); {
		case word == "", word == `\`: // a line that goes on
		case word[0] != '-':
			r.word(flag, word)
			flag = ""
		case assigned:
			r.pair(name, value)
			flag = ""
		case r.client.Kind != "" && len(word) > len("-h") && strings.HasPrefix(word, "-h") && isNameByte(word[2]):
			r.pair("-h", word[len("-h"):]) // mysql -hdb
		default:
			flag = word
		}
		if ends {
			r.joinFrom(kept)
			flag, r.client = "", client{}
		}
	}
	r.joinFrom(kept)
	r.client = outer
}

func endsWord(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == '|'
}

// word reads a word that is no flag: the value of one, the program, or what some
// programs take for the host.
func (r *Reader) word(flag, word string) {
	if c, ok := vocabulary.FindClient(word); ok && (flag == "" || r.client.Kind == "") {
		r.client = client{Client: c, is: true}
		return
	}
	if r.client.Words && !takesValue(flag) {
		r.client.words++
		switch r.client.words {
		case 1:
			r.pair("host", word)
		case 2:
			r.pair("port", word)
		}
		return
	}
	r.pair(flag, word)
}

// takesValue reports whether a flag of nc, telnet or cqlsh takes the word behind it.
func takesValue(flag string) bool {
	return strings.HasPrefix(flag, "--") || flag == "-w" || flag == "-u" || flag == "-p" || flag == "-e" || flag == "-k" || flag == "-f"
}

// property is the name of a flag, or of the property that a flag of Java sets
// (-Dredis.host).
func property(flag string) string {
	if name, ok := strings.CutPrefix(flag, "-D"); ok && name != "" {
		return name
	}
	return flag
}

// pair keeps what may be a host or a port. The short flags of many clients
// count as "host" and "port".
func (r *Reader) pair(name, value string) {
	switch name {
	case "":
		return
	case "-h":
		name = "host"
	case "-H", "-S", "-b":
		if r.client.Kind != "" {
			name = "host"
		}
	case "-p", "-P":
		name = "port"
	}
	r.keep(property(name), value)
}
