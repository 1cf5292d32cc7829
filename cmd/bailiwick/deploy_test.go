package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const deployment = "../../deploy"

// inDeploy returns the text of a file of the deployment.
func inDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployment, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lines returns those of a text that begin with one of the prefixes, spaces aside.
func lines(text string, prefixes ...string) string {
	var some []string
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strings.TrimSpace(line), p) }) {
			some = append(some, line)
		}
	}
	return strings.Join(some, "")
}

// The flags that the deployment files give to "bailiwick run" exist, and take a
// value where they are given one.
func TestDeploymentFlags(t *testing.T) {
	var commands []struct {
		Name  string
		Flags []struct{ Name, Type string }
	}
	call(t, "commands").expect(t, 0).into(t, &commands)
	types := map[string]string{}
	for _, c := range commands {
		if c.Name == "run" {
			for _, f := range c.Flags {
				types[f.Name] = f.Type
			}
		}
	}
	unit := inDeploy(t, "systemd/bailiwick@.service")
	for file, text := range map[string]string{
		"compose.yaml":                    lines(inDeploy(t, "compose.yaml"), "- &", "command:"),
		"kubernetes/base/deployment.yaml": lines(inDeploy(t, "kubernetes/base/deployment.yaml"), "- --"),
		"systemd/bailiwick@.service":      lines(unit, "ExecStart="),
		"systemd/peers.env":               lines(inDeploy(t, "systemd/peers.env"), "PEERS="),
	} {
		found := regexp.MustCompile(`(^|[\s"=])--([a-z-]+)([= ]?)`).FindAllStringSubmatch(text, -1)
		if len(found) < 3 {
			t.Errorf("%s: only %d flags were found in\n%s", file, len(found), text)
		}
		for _, f := range found {
			typ, ok := types[f[2]]
			switch {
			case !ok:
				t.Errorf("%s: run has no flag --%s", file, f[2])
			case (typ == "bool") == (f[3] != ""):
				t.Errorf("%s: --%s is %s", file, f[2], typ)
			}
		}
	}
	if !strings.Contains(unit, "bailiwick run %i ") {
		t.Error("the unit does not run its instance")
	}
}

// A process gets more time to stop than it takes at most to drain.
func TestDeploymentsGiveTimeToDrain(t *testing.T) {
	for file, grace := range map[string]string{
		"compose.yaml": "stop_grace_period: 45s", "kubernetes/base/deployment.yaml": "terminationGracePeriodSeconds: 45",
		"systemd/bailiwick@.service": "TimeoutStopSec=45s",
	} {
		text := inDeploy(t, file)
		if !strings.Contains(text, grace) || !regexp.MustCompile(`--drain[= ]30s`).MatchString(text) {
			t.Errorf("%s drains for 30 s and is killed after 45 s, or not?", file)
		}
	}
}

// stampedOnly is exported where the engine stamps messages after commit; the shop
// of this test runs on SQLite. The test of package engine/prometheus has it.
const stampedOnly = `bailiwick_log_staged{service=""}` + "\n"

// added are label names that a scraping Prometheus adds, or buckets have.
var added = []string{"job", "instance", "le"}

// What the dashboard and the alert rules ask for is what a running shop exports.
func TestMonitoredMetricsAreExported(t *testing.T) {
	d := startDemo(t, filepath.Join(t.TempDir(), "shop"))
	d.order()
	page := stampedOnly
	for _, name := range []string{"user", "catalog", "inventory", "order", "payment", "delivery", "notification"} {
		page += d.get("/" + name + "/metrics")
	}
	d.stop()
	exported := map[string][]string{"up": nil} // the labels of each metric
	for _, sample := range regexp.MustCompile(`(?m)^(bailiwick_[a-z_]+)(\{.*\})?`).FindAllStringSubmatch(page, -1) {
		exported[sample[1]] = labelNames(sample[2])
	}
	for _, file := range []string{"prometheus/alerts.yml", "grafana/bailiwick.json"} {
		text := strings.ReplaceAll(inDeploy(t, file), `\"`, `"`)
		asked := regexp.MustCompile(`\b((?:bailiwick_[a-z_]+)|up)(\{[^}]*\})`).FindAllStringSubmatch(text, -1)
		for _, name := range regexp.MustCompile(`\bbailiwick_[a-z_]+`).FindAllString(text, -1) {
			if _, ok := exported[name]; !ok {
				t.Errorf("%s: the shop exports no %s", file, name)
			}
		}
		if len(asked) < 5 {
			t.Errorf("%s: only %d selectors were found", file, len(asked))
		}
		for _, s := range asked {
			for _, label := range labelNames(s[2]) {
				if !slices.Contains(exported[s[1]], label) && !slices.Contains(added, label) {
					t.Errorf("%s: %s has no label %s", file, s[1], label)
				}
			}
		}
		var all []string
		for _, labels := range exported {
			all = append(all, labels...)
		}
		for _, by := range regexp.MustCompile(`\b(?:by|on) \(([a-z_, ]+)\)`).FindAllStringSubmatch(text, -1) {
			for label := range strings.SplitSeq(by[1], ", ") {
				if !slices.Contains(all, label) && !slices.Contains(added, label) {
					t.Errorf("%s: no metric has the label %s", file, label)
				}
			}
		}
	}
}

// labelNames returns the names in {name="value",other=~"value"}.
func labelNames(selector string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`([a-z_]+)(?:=|!=|=~|!~)"`).FindAllStringSubmatch(selector, -1) {
		names = append(names, m[1])
	}
	return names
}
