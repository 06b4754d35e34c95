package evidence

import (
	"iter"
	"strings"
)

// isSecretName reports whether a variable, flag or key holds a secret, by how its
// name ends: DB_PASSWORD, --redis-auth, accessKey. TOKEN_CACHE_ADDR is none.
func isSecretName(name string) bool {
	for name != "" && isConnector(name[len(name)-1]) {
		name = name[:len(name)-1]
	}
	if name == "" {
		return false
	}
	switch name[len(name)-1] | 0x20 {
	case 'd':
		return endsWith(name, "password") || endsWith(name, "passwd") || endsWith(name, "pwd") || endsWith(name, "cred")
	case 'e':
		return endsWith(name, "passphrase") || endsWith(name, "signature")
	case 'h':
		return endsWith(name, "auth")
	case 'l':
		return endsWith(name, "credential")
	case 'n':
		return endsWith(name, "token")
	case 's':
		return endsWith(name, "pass") || endsWith(name, "credentials") || endsWith(name, "creds") ||
			endsWith(name, "passwords") || endsWith(name, "secrets") || endsWith(name, "tokens") || endsWith(name, "keys")
	case 't':
		return endsWith(name, "secret") || endsWith(name, "salt")
	case 'w':
		return endsWith(name, "pw")
	case 'y':
		return endsWith(name, "key")
	}
	return false
}

// isPasswordName reports whether a name is that of a password and of no server:
// "password:1234" is no address, "auth:6379" is one.
func isPasswordName(name string) bool {
	return endsWith(name, "password") || endsWith(name, "passwd") || endsWith(name, "pwd") || endsWith(name, "passphrase")
}

// endsWith is strings.HasSuffix for any case of letters. Most texts differ in
// the first letter already.
func endsWith(text, suffix string) bool {
	n := len(text) - len(suffix)
	return n >= 0 && text[n]|0x20 == suffix[0]|0x20 && strings.EqualFold(text[n:], suffix)
}

// farthestKey is how far back from a value its key is looked for, in bytes.
const farthestKey = 256

// inSecretField reports whether the text at start is the value of a secret's key:
// "password=ab,x:12", `"token": "x:12"`, "--auth x:12", "h:6379,password=ab,x:12".
// Nobody knows where such a value ends, so it is all that follows in its field.
func inSecretField(value string, start int) bool {
	back := max(0, start-farthestKey)
	field := start
	for field > back && !endsField(value[field-1]) {
		field--
	}
	for i := field; i < start; i++ {
		if c := value[i]; (c == '=' || c == ':') && isSecretName(value[field:i]) {
			return true
		}
	}
	// The value may be a word of its own, after blanks and quotes.
	return isSecretName(wordBefore(value, field, back))
}

// hostItems are the items of a comma list of hosts, up to the first that is a
// secret's key with its value: what follows may belong to the secret. The first
// item is a host, also where it is called auth ("auth:6379").
func hostItems(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		first := true
		for item := range strings.SplitSeq(list, ",") {
			i := strings.IndexAny(item, "=:")
			if i >= 0 && (item[i] == '=' || !first) && isSecretName(item[:i]) || !yield(item) {
				return
			}
			first = false
		}
	}
}

// wordBefore returns the word that ends before a position, with blanks, quotes
// and the like between them, or nothing.
func wordBefore(value string, pos, back int) string {
	end := pos
	for end > back && isConnector(value[end-1]) {
		end--
	}
	word := end
	for word > back && isNameByte(value[word-1]) {
		word--
	}
	if end == pos {
		return ""
	}
	return value[word:end]
}

// afterLogin reports whether the text at start follows a flag that takes
// user:password, or a password: "curl -u admin:1234", "redis-cli -a x:12".
func afterLogin(value string, start int) bool {
	return isLoginFlag(wordBefore(value, start, max(0, start-farthestKey)))
}

// isLoginFlag reports whether a flag may take credentials. In other programs it
// takes an address, so its value is read but not shown.
func isLoginFlag(flag string) bool {
	switch flag {
	case "-a", "-u", "-U", "--user", "--proxy-user":
		return true
	}
	return false
}

// mayHoldSecret reports whether the value of a variable may be a secret, or
// user:password, although isSecretName does not know its name: DB_PASSWORD_OLD,
// ADMIN_USER. Such values are read but not shown.
func mayHoldSecret(name string) bool {
	if endsWith(name, "user") || endsWith(name, "login") || endsWith(name, "basic") {
		return true
	}
	upper := strings.ToUpper(name)
	for _, part := range []string{"PASSWORD", "PASSWD", "SECRET", "CREDENTIAL"} {
		if strings.Contains(upper, part) {
			return true
		}
	}
	return false
}

func endsField(c byte) bool {
	return c <= ' ' || c == ';' || c == '&' || c == '?' || c == '"' || c == '\'' || c == '`' || c == '('
}

func isConnector(c byte) bool {
	return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '`' || c == '=' || c == ':' || c == '\n' || c == '\r'
}
