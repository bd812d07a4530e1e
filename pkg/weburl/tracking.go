package weburl

import "strings"

// trackingPrefixes and trackingParams name the query parameters that say where
// a reader came from, never what is shown. A row here must be safe on every
// site: a parameter that selects content somewhere does not belong.
var trackingPrefixes = []string{
	"utm_", "hsa_", "mtm_", "pk_", "piwik_", "at_medium", "at_campaign", "at_custom", "at_link", "at_bbc_", "at_format", "at_ptr",
	"_hs", "vero_", "oly_", "wt_zmc", "trk_", "__twitter_", "ns_", "ga_campaign", "ga_medium", "ga_source", "matomo_", "stm_",
	"gad_", "_branch_", "awesm", "itm_",
}

var trackingParams = map[string]bool{
	"fbclid": true, "gclid": true, "gclsrc": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true, "yclid": true,
	"twclid": true, "ttclid": true, "igshid": true, "igsh": true, "li_fat_id": true, "mc_cid": true, "mc_eid": true, "mkt_tok": true,
	"_ga": true, "_gl": true, "cmpid": true, "ocid": true, "ncid": true, "sr_share": true, "smid": true, "xtor": true,
	"ftag": true, "icid": true, "ito": true, "cid_source": true, "guccounter": true, "guce_referrer": true, "guce_referrer_sig": true,
	"echobox": true, "wtrid": true, "s_cid": true, "rss_source": true, "spm": true, "fb_action_ids": true, "fb_action_types": true,
	"fb_source": true, "fb_ref": true, "__tn__": true, "_openstat": true, "wickedid": true, "amp_js_v": true, "amp_gsa": true,
	"usqp": true, "ref_src": true, "ref_url": true, "feedtype": true, "feedname": true, "partner_source": true,
	// Identifiers of a click or of the reader of a mail.
	"srsltid": true, "epik": true, "rdt_cid": true, "sccid": true, "tblci": true, "dicbo": true, "oborigurl": true, "irclickid": true,
	"irgwc": true, "cjevent": true, "s_kwcid": true, "ef_id": true, "ysclid": true, "zanpid": true, "mibextid": true, "__hstc": true,
	"__hssc": true, "__hsfp": true, "ml_subscriber": true, "ml_subscriber_hash": true, "nr_email_referer": true, "et_rid": true,
	"emci": true, "emdi": true, "bxid": true, "cndid": true, "hootpostid": true, "soc_src": true, "soc_trk": true, "intcmp": true,
	"fb_comment_id": true, "_kx": true, "mkcid": true, "mkevt": true, "xing_share": true, "share_id": true, "ss_source": true,
	"ss_campaign_id": true, "sfnsn": true, "sthash": true, "__s": true, "mod_rss": true, "utm": true, "rsscid": true,
}

// sourceParams are parameters that say where a reader comes from on some sites
// and select content on others; they count as the former only where their value
// is one of feedValues: "ref=rss", but not "ref=main".
var sourceParams = map[string]bool{
	"source": true, "src": true, "ref": true, "referrer": true, "from": true, "via": true, "partner": true, "emc": true,
	"cmp": true, "medium": true, "mod": true, "rssfeed": true, "feature": true,
}

var feedValues = map[string]bool{
	"rss": true, "rssfeed": true, "rss_feed": true, "rss-feed": true, "rss2": true, "rss20": true,
}

// keepParams returns a raw query without the parameters that name a reader or a
// click, the rest as it is: another encoding would make a second spelling.
func keepParams(query string) string {
	kept := make([]string, 0, 4)
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		// A feed that was escaped twice leaves "amp;" in front of a name.
		name = strings.TrimPrefix(strings.ToLower(unescape(name)), "amp;")
		if part != "" && !isTracking(name, value) && !isSession(name, value) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

func isTracking(name, value string) bool {
	if trackingParams[name] || sourceParams[name] && feedValues[strings.ToLower(value)] {
		return true
	}
	for _, p := range trackingPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
