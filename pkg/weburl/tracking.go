package weburl

import "strings"

// trackingPrefixes and trackingParams name the query parameters that say where
// a reader came from, never what is shown. A row here must be safe on every
// site: a parameter that selects content somewhere does not belong.
var trackingPrefixes = []string{
	"utm_", "hsa_", "mtm_", "pk_", "piwik_", "at_medium", "at_campaign", "at_custom", "at_link", "at_bbc_", "at_format", "at_ptr",
	"_hs", "vero_", "oly_", "wt_zmc", "trk_", "__twitter_", "ns_",
}

var trackingParams = map[string]bool{
	"fbclid": true, "gclid": true, "gclsrc": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true, "yclid": true,
	"twclid": true, "ttclid": true, "igshid": true, "igsh": true, "li_fat_id": true, "mc_cid": true, "mc_eid": true, "mkt_tok": true,
	"_ga": true, "_gl": true, "cmpid": true, "ocid": true, "ncid": true, "sr_share": true, "smid": true, "xtor": true,
	"ftag": true, "icid": true, "ito": true, "cid_source": true, "guccounter": true, "guce_referrer": true, "guce_referrer_sig": true,
	"echobox": true, "wtrid": true, "s_cid": true, "rss_source": true, "spm": true, "fb_action_ids": true, "fb_action_types": true,
	"fb_source": true, "fb_ref": true, "__tn__": true, "_openstat": true, "wickedid": true, "amp_js_v": true, "amp_gsa": true,
	"usqp": true, "ref_src": true, "ref_url": true, "feedtype": true, "feedname": true, "partner_source": true,
}

// stripTracking removes the tracking parameters of a raw query and leaves the
// rest byte for byte: re-encoding would make a second spelling.
func stripTracking(query string) string {
	kept := make([]string, 0, 4)
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if part != "" && !isTracking(strings.ToLower(name)) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

func isTracking(name string) bool {
	if trackingParams[name] {
		return true
	}
	for _, p := range trackingPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
