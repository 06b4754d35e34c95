package vocabulary

import "strings"

// Known says which middleware one well-known application means by a variable whose
// name does not say it, or nothing.
func Known(variable string) (kind string) {
	if len(variable) < shortestKnown || len(variable) > longestWord {
		return ""
	}
	return known[variable]
}

var known = func() map[string]string {
	table := map[string]string{}
	for _, a := range applications {
		for variable := range strings.FieldsSeq(a.variables) {
			table[variable] = a.kind
		}
	}
	return table
}()

// shortestKnown is the length of the shortest variable in the table.
const shortestKnown = len("PMA_HOST")

// applications are those whose variables for hosts name the use and not the middleware,
// and that know only one kind, or mean one where nothing beside says another. To add
// one: the variable as its documentation has it, and where that stands.
var applications = []struct{ kind, variables, source string }{
	{"mysql", "WORDPRESS_DB_HOST", "https://github.com/docker-library/docs/tree/master/wordpress"},
	{"mysql", "DOLI_DB_HOST", "https://github.com/Dolibarr/dolibarr-docker"},
	{"mysql", "JOOMLA_DB_HOST", "https://github.com/docker-library/docs/tree/master/joomla"},
	{"mysql", "PMA_HOST PMA_HOSTS", "https://github.com/docker-library/docs/tree/master/phpmyadmin"},
	{"mysql", "ESPOCRM_DATABASE_HOST", "https://docs.espocrm.com/administration/docker/installation"},
}
