#!/bin/sh
# secrets.sh DIR writes what the services of compose.yaml must know and nobody else:
# each one's token and database password, the list of readers with the hashes of the
# tokens, and a token with which Prometheus may read metrics. It overwrites nothing.
set -eu
umask 077
dir="${1:?usage: secrets.sh DIR}"
if [ -e "$dir" ]; then
	echo "secrets.sh: $dir exists; nothing was done" >&2
	exit 1
fi
mkdir -p "$dir"
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

for service in user catalog inventory order payment delivery notification; do
	token="$(random)"
	password="$(random)"
	printf '%s\n' "$token" >"$dir/$service.token"
	printf '%s %s feed:*\n' "$service" "$(hash "$token")" >>"$dir/readers"
	printf 'postgres:5432:%s:%s:%s\n' "$service" "$service" "$password" >"$dir/$service.pgpass"
	printf 'CREATE ROLE "%s" LOGIN PASSWORD '\''%s'\'';\n' "$service" "$password" >>"$dir/roles.sql"
done
token="$(random)"
printf '%s\n' "$token" >"$dir/prometheus.token"
printf '%s %s inspect:*\n' prometheus "$(hash "$token")" >>"$dir/readers"
random >"$dir/postgres-password"

# The containers read these files as other users than the one who runs this; what
# keeps others of this machine out is the mode of the directory.
chmod 444 "$dir"/*
echo "secrets.sh: wrote $dir: keep it out of version control, and off backups that others read"
