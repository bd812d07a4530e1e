package extract

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/htmltree"
)

// TestAttributesAreKept reads the source of the packages that look at nodes: an
// attribute that they ask for must be one that package htmltree keeps.
func TestAttributesAreKept(t *testing.T) {
	asked := map[string]string{}
	note := func(file string, e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				asked[name] = file
			}
		}
	}
	for _, dir := range []string{".", filepath.Join("..", "clean")} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, f.Name()), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr: // attr(n, "x"), hasAttr(n, "x")
					if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "attr" || id.Name == "hasAttr") && len(n.Args) == 2 {
						note(f.Name(), n.Args[1])
					}
				case *ast.SwitchStmt: // switch a.Key { case "x": }
					if readsKey(n) {
						for _, c := range n.Body.List {
							for _, e := range c.(*ast.CaseClause).List {
								note(f.Name(), e)
							}
						}
					}
				case *ast.BinaryExpr: // a.Key == "x"
					if sel, ok := n.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Key" {
						note(f.Name(), n.Y)
					}
				}
				return true
			})
		}
	}
	if len(asked) < 10 {
		t.Errorf("only %d attributes found in the source", len(asked))
	}
	for name, file := range asked {
		if !htmltree.Keeps(name) {
			t.Errorf("%s asks for the attribute %q: add it to keptKey of package htmltree", file, name)
		}
	}
}

func readsKey(s *ast.SwitchStmt) bool {
	sel, ok := s.Tag.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Key"
}
