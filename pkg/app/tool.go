package app

// ToolDescription is what `copydesk --help` opens with.
const ToolDescription = `copydesk turns news feeds into clean, deduplicated, searchable articles.

"copydesk run" starts all of it in one process; open http://localhost:8080.
"copydesk clean URL" shows what the cleaner makes of a page.

Every flag is also a key of the YAML file that --config names and an environment
variable COPYDESK_...; flag beats environment beats file.`

// Tool is the command line of copydesk.
type Tool struct {
	Version versionFlag `name:"version" env:"-" help:"Print the version and exit."`

	Run       RunCommand       `cmd:"" help:"Run everything in one process: embedded broker, workers, search on http://localhost:8080. Without --feeds and --urls it reads the newsroom, a demonstration site that comes with it."`
	Clean     CleanCommand     `cmd:"" help:"Clean pages: files, URLs or standard input, without a broker."`
	Cluster   ClusterCommand   `cmd:"" help:"Find the copies and stories of a file of articles, without a broker."`
	Search    SearchCommand    `cmd:"" help:"Search from the terminal."`
	Tail      TailCommand      `cmd:"" help:"Follow articles as they are indexed."`
	Feeds     FeedsCommand     `cmd:"" help:"List, check, import and export feeds."`
	Backfill  BackfillCommand  `cmd:"" help:"Fetch the older pages of a site: those that its sitemaps date within a range."`
	Dead      DeadCommand      `cmd:"" help:"List, show, replay and drop dead letters."`
	Newsroom  NewsroomCommand  `cmd:"" help:"Serve the newsroom, a demonstration site with feeds, by itself."`
	Trace     TraceCommand     `cmd:"" help:"Say where a page is and was: found, fetched, cleaned, indexed, or why it is not in the index."`
	Reprocess ReprocessCommand `cmd:"" help:"Run archived pages through this version of the cleaner, and index or compare what it makes of them."`
}
