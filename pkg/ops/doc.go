// Package ops is what every worker offers to the people who run it: logs
// ([NewLogger]), metrics ([NewRegistry], [Histogram]), an HTTP server with
// /metrics, /healthz, /readyz and /debug/pprof ([Listen]), traces
// ([SetupTracing]), a health check that needs no shell ([Probe]) and a memory
// limit that follows the container's ([SetMemoryLimit]).
//
// Nothing here is global: loggers, registries and tracer providers are returned
// and passed on by the caller.
package ops
