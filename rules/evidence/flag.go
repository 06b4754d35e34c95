package evidence

import "strings"

// arguments reads a command line that comes as a list. A value that follows a
// flag with the name of a secret is not read.
func (s *scanner) arguments(list []string, in source) {
	flag := ""
	for i := range list {
		value := list[i]
		marks := marksOf(value)
		if marks&markDollar != 0 {
			value = s.expansion.expand(value, len(s.expansion.env))
			marks = marksOf(value)
		}
		in.index = i
		s.source = in
		isFlag := strings.HasPrefix(value, "-")
		if isFlag && marks&(markEquals|markSpace|markColon) == 0 {
			flag = value
			continue
		}
		name, text := flag, value
		if left, right, ok := strings.Cut(value, "="); ok && (isFlag || isAssignment(left, right)) {
			name, text = left, right
		}
		flag = ""
		if text == "" || isSecretName(name) {
			continue
		}
		s.pair(name, text)
		if isFlag && strings.Contains(text, " -") {
			text = value // several flags in one argument
		}
		s.hiding = isLoginFlag(name)
		s.text(text)
		s.hiding = false
	}
}

// isAssignment reports whether an argument is one name and one value, as in
// "env DB_HOST=db DB_PORT=3306 app" and "--set redis.host=cache", and no
// connection string.
func isAssignment(name, value string) bool {
	for i := 0; i < len(name); i++ {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return name != "" && !strings.ContainsAny(value, " \t\n;&()")
}

// isCommandLine reports whether a text has flags in it.
func isCommandLine(text string) bool {
	return strings.HasPrefix(text, "-") || strings.Contains(text, " -")
}

// commandLine reads the flags of a command line that comes as one text:
// "exec app --db-host db --db-port 3307", "redis-cli -h cache -p 6380". Only
// flags of one command belong together.
func (s *scanner) commandLine(line string) {
	kept := len(s.pairs)
	flag := ""
	for rest := line; rest != "" && len(s.pairs)-kept < maxSearches; {
		i := 0
		for i < len(rest) && !endsWord(rest[i]) {
			i++
		}
		word := rest[:i]
		if word != "" && (isConnector(word[0]) || isConnector(word[len(word)-1])) {
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
			s.pair(flag, word)
			flag = ""
		case assigned:
			s.pair(name, value)
			flag = ""
		default:
			flag = word
		}
		if ends {
			s.joinFrom(kept)
			flag = ""
		}
	}
	s.joinFrom(kept)
}

func endsWord(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == '|'
}

// pair keeps what may be a host or a port. The short flags of many clients
// count as "host" and "port".
func (s *scanner) pair(name, value string) {
	switch name {
	case "":
		return
	case "-h":
		name = "host"
	case "-p", "-P":
		name = "port"
	}
	s.keep(name, value)
}
