package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"
)

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 1 << 20

// configPath finds --config before the flags are parsed, because the file
// gives values to flags.
func configPath(args []string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			return value
		}
		if arg == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return os.Getenv("COPYDESK_CONFIG")
}

// loadConfig reads a YAML file of flags. Every key must be a flag of one of the
// commands, so that a misspelt key is never ignored.
func loadConfig(path string, model *kong.Application) (kong.Resolver, error) {
	values, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	flags := map[string]bool{}
	_ = kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			flags[f.Name] = true
		}
		return next(nil)
	})
	for key := range values {
		if !flags[key] || key == "config" || key == "help" {
			return nil, fmt.Errorf("configuration %s: unknown key %q%s", path, key, suggest(key, flags))
		}
	}
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil // the environment beats the file
			}
		}
		return values[flag.Name], nil
	}), nil
}

func readConfig(path string) (map[string]any, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("configuration %s: no such file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if len(data) > maxConfig {
		return nil, fmt.Errorf("configuration %s: larger than %d bytes", path, maxConfig)
	}
	var raw map[string]any
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	values := make(map[string]any, len(raw))
	for key, value := range raw {
		if values[key], err = flagValue(value); err != nil {
			return nil, fmt.Errorf("configuration %s: key %q: %w", path, key, err)
		}
	}
	return values, nil
}

// flagValue turns a YAML value into what the flag parser takes: text, or a
// list joined by commas.
func flagValue(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			part, err := flagValue(item)
			if err != nil {
				return nil, err
			}
			parts[i] = fmt.Sprint(part)
		}
		return strings.Join(parts, ","), nil
	case map[string]any:
		return nil, errors.New("a single value or a list is expected, not a mapping")
	default:
		return fmt.Sprint(v), nil
	}
}

// suggest names the flag that a misspelt key comes nearest to.
func suggest(key string, flags map[string]bool) string {
	best, distance := "", 3
	names := make([]string, 0, len(flags))
	for name := range flags {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if d := editDistance(key, name); d < distance {
			best, distance = name, d
		}
	}
	if best == "" {
		return "; keys are the names of flags, see --help"
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance is the Levenshtein distance of two short ASCII names.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
