package newsroom

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// spacer is the transparent dot that held old pages together.
func spacer() []byte {
	data, _ := base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
	return data
}

// picture draws the photograph of an article: sky, a light, hills and water,
// all decided by the name.
//
//nolint:misspell // SVG is written in American English
func picture(name string) []byte {
	h := fnv.New64a()
	h.Write([]byte(name)) //nolint:errcheck // a hash never fails
	pick := rand.New(rand.NewPCG(h.Sum64(), 0)).IntN
	hue := pick(360)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 540" preserveAspectRatio="xMidYMid slice">`+
		`<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="hsl(%d,45%%,72%%)"/>`+
		`<stop offset="1" stop-color="hsl(%d,60%%,90%%)"/></linearGradient></defs><rect width="960" height="540" fill="url(#s)"/>`, hue, (hue+30)%360)
	fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="%d" fill="hsl(%d,80%%,94%%)"/>`, 120+pick(720), 90+pick(120), 36+pick(30), (hue+40)%360)
	for layer := range 3 {
		base := 270 + 60*layer
		fmt.Fprintf(&b, `<path d="M0 540 V%d`, base+pick(40))
		for step := range 6 {
			fmt.Fprintf(&b, ` Q%d %d %d %d`, 80+160*step, base-60+pick(110), 160+160*step, base-10+pick(50))
		}
		fmt.Fprintf(&b, ` V540 Z" fill="hsl(%d,%d%%,%d%%)"/>`, (hue+12*layer)%360, 28+6*layer, 56-13*layer)
	}
	fmt.Fprintf(&b, `<rect y="470" width="960" height="70" fill="hsl(%d,35%%,32%%)" opacity=".75"/></svg>`, (hue+20)%360)
	return []byte(b.String())
}
