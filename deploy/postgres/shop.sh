#!/bin/sh
# Runs once, when the server's directory is empty: a role and a database of its own
# for each service, which no other role may connect to. The roles' passwords are in a
# secret that secrets.sh wrote.
set -eu
psql --set=ON_ERROR_STOP=1 --username=postgres --file=/run/secrets/roles
for service in user catalog inventory order payment delivery notification; do
	psql --set=ON_ERROR_STOP=1 --username=postgres --set=service="$service" <<-'SQL'
		CREATE DATABASE :"service" OWNER :"service";
		REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
	SQL
done
