package vocabulary

import "strings"

// Known says which middleware one well-known application means by a variable whose
// name does not say it, or nothing.
func Known(variable string) (kind string) {
	kind, _ = known.exactly(variable)
	return kind
}

var known = func() table[string] {
	all := map[string]string{}
	for _, a := range applications {
		for variable := range strings.FieldsSeq(a.variables) {
			all[variable] = a.kind
		}
	}
	return newTable(all)
}()

// applications are those whose variables for hosts name the use and not the middleware,
// and that know only one kind, or mean one where nothing beside says another. To add
// one: the variable as its documentation has it, and where that stands.
var applications = []struct{ kind, variables, source string }{
	{"mysql", "WORDPRESS_DB_HOST", "https://github.com/docker-library/docs/tree/master/wordpress"},
	{"mysql", "JOOMLA_DB_HOST", "https://github.com/docker-library/docs/tree/master/joomla"},
	{"mysql", "YOURLS_DB_HOST", "https://github.com/docker-library/docs/tree/master/yourls"},
	{"mysql", "BACKDROP_DB_HOST", "https://github.com/docker-library/docs/tree/master/backdrop"},
	{"mysql", "PMA_HOST PMA_HOSTS", "https://github.com/docker-library/docs/tree/master/phpmyadmin"},
	{"mysql", "ESPOCRM_DATABASE_HOST", "https://docs.espocrm.com/administration/docker/installation"},
	{"mysql", "MATOMO_DATABASE_HOST", "https://github.com/matomo-org/docker"},
	{"mysql", "DOLI_DB_HOST", "https://github.com/Dolibarr/dolibarr-docker"},
	{"mysql", "GLPI_DB_HOST", "https://github.com/glpi-project/docker-images"},
	{"mysql", "MAUTIC_DB_HOST", "https://github.com/mautic/docker-mautic"},
	{"mysql", "DATASOURCES_DEFAULT_HOST", "https://github.com/passbolt/passbolt_docker"},
	{"mysql", "WORDPRESS_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/wordpress"},
	{"mysql", "MOODLE_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/moodle"},
	{"mysql", "DRUPAL_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/drupal"},
	{"mysql", "JOOMLA_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/joomla"},
	{"mysql", "GHOST_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/ghost"},
	{"mysql", "MAGENTO_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/magento"},
	{"mysql", "MEDIAWIKI_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/mediawiki"},
	{"mysql", "OPENCART_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/opencart"},
	{"mysql", "PRESTASHOP_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/prestashop"},
	{"mysql", "REDMINE_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/redmine"},
	{"mysql", "PHPBB_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/phpbb"},
	{"mysql", "SUITECRM_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/suitecrm"},
	{"mysql", "REDMINE_DB_MYSQL", "https://github.com/docker-library/docs/tree/master/redmine"},
	{"postgresql", "REDMINE_DB_POSTGRES", "https://github.com/docker-library/docs/tree/master/redmine"},
	{"rabbitmq", "EventBusConnection", "https://github.com/dotnet-architecture/eShopOnContainers"},
	{"postgresql", "AIRFLOW_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/airflow"},
	{"postgresql", "DISCOURSE_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/discourse"},
	{"postgresql", "DISCOURSE_DB_HOST", "https://github.com/discourse/discourse/blob/main/config/discourse_defaults.conf"},
	{"postgresql", "KEYCLOAK_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/keycloak"},
	{"postgresql", "ODOO_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/odoo"},
	{"postgresql", "SUPERSET_DATABASE_HOST", "https://github.com/bitnami/containers/tree/main/bitnami/superset"},
	{"postgresql", "PAPERLESS_DBHOST", "https://docs.paperless-ngx.com/configuration/#database"},
}

// Account says which middleware a variable of an account is for, by what images of
// servers and many an application call it.
// Source: https://github.com/docker-library/docs (mysql, mariadb, postgres)
func Account(variable string) (kind string) {
	kind, _ = accounts.exactly(variable)
	return kind
}

var accounts = newTable(map[string]string{
	"MYSQL_USER": "mysql", "MYSQL_DATABASE": "mysql", "MYSQL_PORT": "mysql", "MARIADB_USER": "mysql", "MARIADB_DATABASE": "mysql",
	"POSTGRES_USER": "postgresql", "POSTGRES_DB": "postgresql", "POSTGRES_DATABASE": "postgresql", "POSTGRES_PORT": "postgresql",
})

// IsDatabaseName reports whether what stands before the ending of a host's name says that
// it is a database's: DB_HOST, DATABASE_HOST, DB_SERVER_HOST.
func IsDatabaseName(prefix string) bool {
	return EndsWith(prefix, "db_") || EndsWith(prefix, "database_") || EndsWith(prefix, "db_server_")
}
