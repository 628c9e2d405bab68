// A peer of wRPC over NATS from the Go package wrpc.io/go: it calls a component of ours, or serves what our nodes call.
//
// `wrpcpeer call URL PREFIX` prints one JSON line per check and ends; `wrpcpeer serve URL PREFIX` prints
// `{"ready":true}` and serves until its standard input ends.
package main

import (
	"fmt"
	"os"

	"github.com/nats-io/nats.go"
	wrpcnats "wrpc.io/go/nats"
)

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("wanted: WHAT URL PREFIX, but got %v", os.Args[1:]))
	}
	what, url, prefix := os.Args[1], os.Args[2], os.Args[3]
	conn, err := nats.Connect(url)
	if err != nil {
		fail(err)
	}
	defer conn.Close()
	switch what {
	case "call":
		call(wrpcnats.NewClient(conn, wrpcnats.WithPrefix(prefix)))
	case "serve":
		// A host and its components share one queue group per component, named as the prefix.
		client := wrpcnats.NewClient(conn, wrpcnats.WithPrefix(prefix), wrpcnats.WithGroup(prefix))
		if err := serve(conn, client); err != nil {
			fail(err)
		}
	default:
		fail(fmt.Errorf("there is no %s", what))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
