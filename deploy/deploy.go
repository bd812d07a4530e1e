// Package deploy holds what copydesk is run with beside its binaries: images,
// a compose file, the broker's configuration, Prometheus rules and the Grafana
// dashboard. README.md says how to use them. The Go code here only lets tests
// look into these files.
package deploy

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

//go:embed grafana/dashboards/*.json
var dashboards embed.FS

// Query is a PromQL expression of a dashboard.
type Query struct {
	// Panel names where it is shown: "copydesk.json: Fetch to search".
	Panel string
	// Expr is what Grafana sends, with every variable at "All" and the
	// interval that depends on the zoom at one minute.
	Expr string
}

// grafanaVariables are the values that stand for what Grafana fills in.
func grafanaVariables() *strings.Replacer {
	return strings.NewReplacer(
		"$__rate_interval", "1m",
		"$job", ".*",
		"$instance", ".*",
	)
}

type dashboard struct {
	Panels      []panel `json:"panels"`
	Annotations struct {
		List []struct {
			Name string `json:"name"`
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
}

type panel struct {
	Type        string  `json:"type"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Panels      []panel `json:"panels"` // of a collapsed row
	GridPos     struct {
		X, Y, W, H int
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

// DashboardQueries returns the query of every panel of every dashboard, ready
// to be sent to Prometheus. A variable that it does not know is an error.
func DashboardQueries() ([]Query, error) {
	files, err := dashboards.ReadDir("grafana/dashboards")
	if err != nil {
		return nil, fmt.Errorf("read dashboards: %w", err)
	}
	var all []Query
	var errs []error
	for _, f := range files {
		d, err := readDashboard(f.Name())
		if err != nil {
			return nil, err
		}
		queries, err := d.queries(f.Name())
		all = append(all, queries...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

func readDashboard(name string) (*dashboard, error) {
	data, err := dashboards.ReadFile(path.Join("grafana/dashboards", name))
	if err != nil {
		return nil, fmt.Errorf("read dashboard: %w", err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", name, err)
	}
	return &d, nil
}

func (d *dashboard) queries(file string) ([]Query, error) {
	var all []Query
	var errs []error
	variables := grafanaVariables()
	add := func(title, expr string) {
		q := Query{Panel: file + ": " + title, Expr: variables.Replace(expr)}
		if strings.Contains(q.Expr, "$") {
			errs = append(errs, fmt.Errorf("dashboard panel %s: unknown variable in %s", q.Panel, q.Expr))
		}
		all = append(all, q)
	}
	for _, p := range d.all() {
		for _, t := range p.Targets {
			add(p.Title, t.Expr)
		}
	}
	return all, errors.Join(errs...)
}

// all returns the panels, those inside collapsed rows included, without the
// rows themselves.
func (d *dashboard) all() []panel {
	var out []panel
	for _, p := range d.Panels {
		out = append(out, p.Panels...)
		if p.Type != "row" {
			out = append(out, p)
		}
	}
	return out
}
