// Package websub is the subscriber's side of WebSub (https://www.w3.org/TR/websub/),
// formerly PubSubHubbub, as plain functions: which hub a feed names, what is sent
// to it, what its callbacks mean, and how far its pushes can be relied on. It
// knows no network, no clock and no store.
//
// # How it goes
//
// A feed names a hub and its own address, the topic ([HeaderLinks], [Links.Or]).
// The subscriber asks the hub to push the topic to a callback ([Subscribe]). The
// hub asks the callback whether that was meant ([ParseIntent]) and from then on,
// until the lease ends, sends it every new version of the feed, signed with the
// secret of the subscription ([Verify]). The lease is asked for again before it
// ends ([Renewal]), and [Trust] says whether the feed need not be polled as often
// meanwhile.
//
// # Stored format
//
// [Trust] is JSON of a few bytes; fields that are absent are zero.
package websub
