package vocabulary

import "strings"

// IsSecret reports whether a variable, flag or key holds a secret, by how its
// name ends: DB_PASSWORD, --redis-auth, accessKey. TOKEN_CACHE_ADDR is none.
func IsSecret(name string) bool {
	for name != "" && IsConnector(name[len(name)-1]) {
		name = name[:len(name)-1]
	}
	if name == "" {
		return false
	}
	switch name[len(name)-1] | 0x20 {
	case 'd':
		return EndsWith(name, "password") || EndsWith(name, "passwd") || EndsWith(name, "pwd") || EndsWith(name, "cred")
	case 'e':
		return EndsWith(name, "passphrase") || EndsWith(name, "signature")
	case 'h':
		return EndsWith(name, "auth")
	case 'l':
		return EndsWith(name, "credential")
	case 'n':
		return EndsWith(name, "token")
	case 's':
		return EndsWith(name, "pass") || EndsWith(name, "credentials") || EndsWith(name, "creds") ||
			EndsWith(name, "passwords") || EndsWith(name, "secrets") || EndsWith(name, "tokens") || EndsWith(name, "keys")
	case 't':
		return EndsWith(name, "secret") || EndsWith(name, "salt")
	case 'w':
		return EndsWith(name, "pw")
	case 'y':
		return EndsWith(name, "key")
	}
	return false
}

// IsPassword reports whether a name is that of a password and of no server:
// "password:1234" is no address, "auth:6379" is one.
func IsPassword(name string) bool {
	if name == "" || name[len(name)-1]|0x20 != 'd' && name[len(name)-1]|0x20 != 'e' {
		return false // as nearly all
	}
	return EndsWith(name, "password") || EndsWith(name, "passwd") || EndsWith(name, "pwd") || EndsWith(name, "passphrase")
}

// EndsWith is strings.HasSuffix for any case of letters. Most texts differ in
// the first letter already.
func EndsWith(text, suffix string) bool {
	n := len(text) - len(suffix)
	return n >= 0 && text[n]|0x20 == suffix[0]|0x20 && strings.EqualFold(text[n:], suffix)
}

// IsLoginFlag reports whether a flag may take credentials. In other programs it
// takes an address, so its value is read but not shown.
func IsLoginFlag(flag string) bool {
	switch flag {
	case "-a", "-u", "-U", "--user", "--proxy-user":
		return true
	}
	return false
}

// MayHoldSecret reports whether the value of a variable may be a secret, or
// user:password, although IsSecret does not know its name: DB_PASSWORD_OLD,
// ADMIN_USER. Such values are read but not shown.
func MayHoldSecret(name string) bool {
	if EndsWith(name, "user") || EndsWith(name, "login") || EndsWith(name, "basic") {
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

// IsConnector reports whether c may stand between a key and its value.
func IsConnector(c byte) bool {
	return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '`' || c == '=' || c == ':' || c == '\n' || c == '\r'
}
