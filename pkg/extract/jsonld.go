package extract

import (
	"bytes"
	"encoding/json"
	"html"
	"strconv"
	"strings"
)

// linkedData is what the JSON-LD of a page says of its article.
type linkedData struct {
	Type, Headline, Description, Body string
	Published, Modified               string
	Section, Language, URL, Publisher string
	Keywords                          []string
	WordCount                         int
	Authors                           []ldName
	Images                            []string
	Free                              *bool // isAccessibleForFree
	Video, Listing, Live              bool  // other things that the page says it is
	article                           bool  // it is an article, and Headline its headline
}

type ldName struct{ Name, Type string }

// articleTypes are the types of an article, with how much each is preferred.
var articleTypes = map[string]int{
	"newsarticle": 5, "reportagenewsarticle": 5, "analysisnewsarticle": 5, "opinionnewsarticle": 5, "backgroundnewsarticle": 5, "reviewnewsarticle": 5, "liveblogposting": 5, "advertisercontentarticle": 4, "article": 4, "blogposting": 4, "socialmediaposting": 2,
	"report": 3, "scholarlyarticle": 3, "techarticle": 3, "satiricalarticle": 4, "review": 2, "medicalscholarlyarticle": 3, "interview": 3, "webpage": 1, "itempage": 1, "creativework": 1, "videoobject": 1, "newsvideo": 1,
}

const (
	maxLDNodes = 4000
	maxLDDepth = 40
	maxWitness = 100 << 10 // bytes of articleBody
)

// ldReader walks the JSON-LD of one page.
type ldReader struct {
	nodes []map[string]any
	ids   map[string]map[string]any
	left  int
}

// readLD reads all JSON-LD scripts of a page; what cannot be parsed is skipped.
func readLD(scripts [][]byte, pageURL string) linkedData {
	r := ldReader{ids: map[string]map[string]any{}, left: maxLDNodes}
	for _, s := range scripts {
		if v, ok := parseLD(s); ok {
			r.collect(v, 0)
		}
	}
	var out linkedData
	best, bestScore := -1, 0
	for i, n := range r.nodes {
		t, rank := nodeType(n)
		switch t {
		case "videoobject":
			out.Video = true
		case "liveblogposting":
			out.Live = true
		case "itemlist", "collectionpage", "searchresultspage":
			out.Listing = true
		}
		if rank == 0 {
			continue
		}
		score := rank * 10
		if u := ldString(n["url"]); u != "" && pageURL != "" && strings.TrimSuffix(u, "/") == strings.TrimSuffix(pageURL, "/") {
			score += 5
		}
		if n["articleBody"] != nil {
			score += 3
		}
		if n["headline"] != nil {
			score += 3
		}
		if n["datePublished"] != nil {
			score += 2
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	if best >= 0 {
		r.fill(&out, r.nodes[best])
	}
	return out
}

// parseLD parses one script, forgiving comments around it and line breaks in
// its strings.
func parseLD(s []byte) (any, bool) {
	s = bytes.TrimSpace(s)
	for _, wrap := range [][2]string{{"<!--", "-->"}, {"//<![CDATA[", "//]]>"}, {"<![CDATA[", "]]>"}, {"/*<![CDATA[*/", "/*]]>*/"}} {
		if rest, ok := bytes.CutPrefix(s, []byte(wrap[0])); ok {
			s = bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(wrap[1])))
		}
	}
	s = bytes.TrimRight(s, "; \n\t")
	var v any
	if json.Unmarshal(s, &v) == nil {
		return v, true
	}
	return v, json.Unmarshal(mendJSON(s), &v) == nil
}

// mendJSON replaces raw control characters inside strings and drops commas
// before closing brackets.
func mendJSON(s []byte) []byte {
	out := make([]byte, 0, len(s))
	in := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case in && c == '\\' && i+1 < len(s):
			if strings.IndexByte(`"\/bfnrtu`, s[i+1]) < 0 {
				continue // an escape that JSON does not know
			}
			out = append(out, c, s[i+1])
			i++
			continue
		case c == '"':
			in = !in
		case in && c < ' ':
			c = ' '
		case !in && c == ',':
			rest := bytes.TrimLeft(s[i+1:min(len(s), i+200)], " \t\r\n")
			if len(rest) > 0 && (rest[0] == '}' || rest[0] == ']' || rest[0] == ',') {
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

func (r *ldReader) collect(v any, depth int) {
	if depth > maxLDDepth || r.left <= 0 {
		return
	}
	r.left--
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			r.collect(e, depth+1)
		}
	case map[string]any:
		if id := ldString(v["@id"]); id != "" && len(v) > 1 {
			r.ids[id] = v
		}
		if v["@type"] != nil {
			r.nodes = append(r.nodes, v)
		}
		for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage", "author", "publisher", "creator", "hasPart", "article"} {
			if sub, ok := v[key]; ok {
				r.collect(sub, depth+1)
			}
		}
	}
}

// nodeType returns the type of a node that is preferred most, lower case.
func nodeType(n map[string]any) (string, int) {
	best, rank := "", -1
	for _, t := range ldStrings(n["@type"]) {
		t = strings.ToLower(t[strings.LastIndexAny(t, "/:")+1:])
		if k := articleTypes[t]; k > rank {
			best, rank = t, k
		}
	}
	return best, max(rank, 0)
}

func (r *ldReader) fill(out *linkedData, n map[string]any) {
	var rank int
	out.Type, rank = nodeType(n)
	out.Headline = ldText(n["headline"])
	out.article = rank >= 3 && out.Headline != ""
	if out.Headline == "" {
		out.Headline = ldText(n["name"])
	}
	out.Description = ldText(n["description"])
	out.Body = ldText(n["articleBody"])
	if out.Body == "" {
		out.Body = ldText(n["text"])
	}
	out.Body = out.Body[:cutRune(out.Body, maxWitness)]
	out.Published = ldText(n["datePublished"])
	if out.Published == "" {
		out.Published = ldText(n["uploadDate"])
	}
	out.Modified = ldText(n["dateModified"])
	out.Section = first(ldStrings(n["articleSection"]))
	out.Language = ldText(n["inLanguage"])
	out.URL = ldText(n["url"])
	for _, k := range ldStrings(n["keywords"]) {
		for part := range strings.SplitSeq(k, ",") {
			out.Keywords = append(out.Keywords, part)
		}
	}
	out.Authors = r.names(n["author"])
	if len(out.Authors) == 0 {
		out.Authors = r.names(n["creator"])
	}
	if pub := r.names(n["publisher"]); len(pub) > 0 {
		out.Publisher = pub[0].Name
	}
	out.Images = r.imageURLs(n["image"])
	switch v := n["wordCount"].(type) {
	case float64:
		out.WordCount = int(min(max(v, 0), maxWitness))
	case string:
		if k, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			out.WordCount = min(max(k, 0), maxWitness)
		}
	}
	switch v := n["isAccessibleForFree"].(type) {
	case bool:
		out.Free = &v
	case string:
		free := !strings.EqualFold(v, "false")
		out.Free = &free
	}
}

// names reads persons and organisations, by value or by reference.
func (r *ldReader) names(v any) []ldName {
	switch v := v.(type) {
	case string:
		return []ldName{{Name: html.UnescapeString(v)}}
	case []any:
		var out []ldName
		for _, e := range v {
			if len(out) < 20 {
				out = append(out, r.names(e)...)
			}
		}
		return out
	case map[string]any:
		if ref, ok := r.ids[ldString(v["@id"])]; ok && v["name"] == nil {
			v = ref
		}
		kind := strings.ToLower(first(ldStrings(v["@type"])))
		var out []ldName
		for _, name := range ldStrings(v["name"]) {
			out = append(out, ldName{html.UnescapeString(name), kind})
		}
		if len(out) == 0 {
			if given, family := ldText(v["givenName"]), ldText(v["familyName"]); family != "" {
				out = append(out, ldName{strings.TrimSpace(given + " " + family), kind})
			}
		}
		return out
	}
	return nil
}

func (r *ldReader) imageURLs(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if len(out) < 20 {
				out = append(out, r.imageURLs(e)...)
			}
		}
		return out
	case map[string]any:
		if u := ldString(v["url"]); u != "" {
			return []string{u}
		}
		if u := ldString(v["contentUrl"]); u != "" {
			return []string{u}
		}
	}
	return nil
}

// ldString returns the first string of a value, as it stands.
func ldString(v any) string { return first(ldStrings(v)) }

// ldText is ldString with character references resolved.
func ldText(v any) string { return html.UnescapeString(ldString(v)) }

func ldStrings(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case []any:
		var out []string
		for _, e := range v {
			if len(out) < 100 {
				out = append(out, ldStrings(e)...)
			}
		}
		return out
	case map[string]any:
		if s, ok := v["@value"].(string); ok {
			return []string{s}
		}
		if s, ok := v["name"].(string); ok {
			return []string{s}
		}
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
