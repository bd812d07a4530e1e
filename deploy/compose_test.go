package deploy

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

type composeFile struct {
	Services map[string]service        `yaml:"services"`
	Networks map[string]map[string]any `yaml:"networks"`
	Volumes  map[string]any            `yaml:"volumes"`
}

type service struct {
	Image       string            `yaml:"image"`
	Build       map[string]string `yaml:"build"`
	User        string            `yaml:"user"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	Restart     string            `yaml:"restart"`
	MemLimit    string            `yaml:"mem_limit"`
	Healthcheck map[string]any    `yaml:"healthcheck"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	Networks    any               `yaml:"networks"`
	Profiles    []string          `yaml:"profiles"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Environment map[string]string `yaml:"environment"`
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	var c composeFile
	readYAML(t, "compose.yaml", &c)
	if len(c.Services) < 6 {
		t.Fatalf("compose.yaml: %d services", len(c.Services))
	}
	return c
}

func TestComposeIsHardened(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: read_only %t, cap_drop %v, security_opt %v", name, s.ReadOnly, s.CapDrop, s.SecurityOpt)
		}
		if s.MemLimit == "" || s.Restart == "" || s.Healthcheck == nil {
			t.Errorf("%s: mem_limit %q, restart %q, healthcheck %v", name, s.MemLimit, s.Restart, s.Healthcheck)
		}
		if !strings.HasPrefix(s.Image, "${") {
			t.Errorf("%s: image %s cannot be replaced by a variable", name, s.Image)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the network", name, p)
			}
		}
		if s.Build != nil && s.User != "65532:65532" {
			t.Errorf("%s: user %q", name, s.User)
		}
		if s.Build != nil && s.Build["target"] == "" {
			t.Errorf("%s: build has no target", name)
		}
	}
}

func TestComposeWorkersWaitForTheBroker(t *testing.T) {
	c := readCompose(t)
	for name, port := range map[string]string{"ingest": ":9101", "normalize": ":9102", "index": ":9103"} {
		s, ok := c.Services[name]
		if !ok {
			t.Errorf("no service %s", name)
			continue
		}
		if s.DependsOn["nats"].Condition != "service_healthy" {
			t.Errorf("%s: depends_on %v", name, s.DependsOn)
		}
		if got := s.Environment["COPYDESK_HTTP"]; got != port {
			t.Errorf("%s: COPYDESK_HTTP = %q, want %q", name, got, port)
		}
		if len(s.Profiles) != 0 {
			t.Errorf("%s starts only with profile %v", name, s.Profiles)
		}
	}
	if net := c.Networks["work"]; net["internal"] != true {
		t.Errorf("network work = %v, want it internal", net)
	}
	if got := c.Services["normalize"].Networks; !slices.Equal(got.([]any), []any{"work"}) {
		t.Errorf("normalize is on %v; what parses the web must not reach it", got)
	}
}

func TestComposeUsesEveryVolume(t *testing.T) {
	c := readCompose(t)
	used := map[string]bool{}
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(v, "./") {
				if _, err := os.Stat(from); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			used[from] = true
		}
	}
	for v := range c.Volumes {
		if !used[v] {
			t.Errorf("volume %s is not used", v)
		}
	}
}

// docker-compose reads the file as compose does, variables included.
func TestComposeIsAccepted(t *testing.T) {
	tool, err := exec.LookPath("docker-compose")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("docker-compose is not installed: apt-get install docker-compose")
		}
		t.Skip("docker-compose is not installed: apt-get install docker-compose")
	}
	// It looks for the directories that images are built from.
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "deploy"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "bin", "image"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-f", "compose.yaml", "config", "-q"},
		{"--env-file", "demo.env", "-f", "compose.yaml", "config", "-q"},
		{"-f", "compose.yaml", "-f", "compose.local.yaml", "config", "-q"},
	} {
		cmd := exec.CommandContext(t.Context(), tool, args...)
		cmd.Dir = filepath.Join(root, "deploy")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("docker-compose %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// Both Dockerfiles make the same images.
func TestDockerfilesAgree(t *testing.T) {
	stages := func(name string) string {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, after, ok := strings.Cut(string(data), "\nFROM base AS ingest\n")
		if !ok {
			t.Fatalf("%s: no target ingest", name)
		}
		return strings.ReplaceAll(after, "--from=build /out/", "")
	}
	if a, b := stages("Dockerfile"), stages("Dockerfile.prebuilt"); a != b {
		t.Errorf("targets differ:\n%s\n%s", a, b)
	}
	data, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range readCompose(t).Services {
		if target := s.Build["target"]; s.Build != nil && !strings.Contains(string(data), "AS "+target+"\n") {
			t.Errorf("%s: Dockerfile has no target %s", name, target)
		}
	}
}

// The demonstration finds every outlet of the newsroom under its name.
func TestDemoFollowsTheNewsroom(t *testing.T) {
	site, err := newsroom.New(newsroom.Options{Domain: "newsroom", Port: 8000})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("feeds.demo.txt")
	if err != nil {
		t.Fatal(err)
	}
	aliases := readCompose(t).Services["newsroom"].Networks.(map[string]any)["world"].(map[string]any)["aliases"].([]any)
	for _, o := range site.Outlets() {
		host := o.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !slices.Contains(aliases, any(host)) {
			t.Errorf("compose.yaml: newsroom has no alias %s", host)
		}
		for _, f := range o.Feeds {
			if !strings.Contains(string(data), f+"\n") {
				t.Errorf("feeds.demo.txt lacks %s", f)
			}
		}
	}
	if want := len(site.Outlets()); len(aliases) != want {
		t.Errorf("compose.yaml: %d aliases, want %d", len(aliases), want)
	}
}

// The broker of the compose file keeps the promise of the embedded one: fsync
// before acknowledging, and messages as large.
func TestBrokerConfiguration(t *testing.T) {
	data, err := os.ReadFile("nats/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`(?m)^\s*sync_interval: always$`, `(?m)^max_payload: 4MB$`, `(?m)^\s*store_dir: /data/`} {
		if !regexp.MustCompile(want).Match(data) {
			t.Errorf("nats.conf lacks %s", want)
		}
	}
	// Rules know the streams by name.
	rules, err := os.ReadFile("prometheus/rules/recording.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{bus.StreamURLs, bus.StreamBackfill, bus.StreamPages, bus.StreamArticles, bus.StreamDead} {
		if !strings.Contains(string(rules), "{stream: "+s+"}") {
			t.Errorf("recording.yml has no cap of stream %s", s)
		}
	}
}
