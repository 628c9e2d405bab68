package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sort"
	"strings"

	"github.com/nats-io/nats.go"
	wrpc "wrpc.io/go"
	wrpcnats "wrpc.io/go/nats"
)

// serve answers the functions of inlay:demo/greeter until standard input ends.
func serve(conn *nats.Conn, client *wrpcnats.Client) error {
	handlers := map[string]func(context.Context, wrpc.IndexReadCloser, wrpc.IndexWriteCloser) error{
		"hello": func(_ context.Context, _ wrpc.IndexReadCloser, w wrpc.IndexWriteCloser) error {
			_, err := wrpc.WriteString("hello from Go", w)
			return err
		},
		"greet": func(ctx context.Context, r wrpc.IndexReadCloser, w wrpc.IndexWriteCloser) error {
			name, err := wrpc.ReadString(r)
			if err != nil {
				return err
			}
			greeting := fmt.Sprintf("Hello, %s, from Go!", name)
			if name == "headers" {
				greeting = headersOf(ctx)
			}
			_, err = wrpc.WriteString(greeting, w)
			return err
		},
		"add": func(_ context.Context, r wrpc.IndexReadCloser, w wrpc.IndexWriteCloser) error {
			a, err := wrpc.ReadUint32(r)
			if err != nil {
				return err
			}
			b, err := wrpc.ReadUint32(r)
			if err != nil {
				return err
			}
			_, err = wrpc.WriteUint32(a+b, w)
			return err
		},
		"echo": func(_ context.Context, r wrpc.IndexReadCloser, w wrpc.IndexWriteCloser) error {
			// The package's own reader of lists takes one message; this takes as many as it needs.
			size, err := wrpc.ReadUint32(r)
			if err != nil {
				return err
			}
			data := make([]byte, size)
			if _, err := io.ReadFull(r, data); err != nil {
				return err
			}
			_, err = wrpc.WriteByteList(data, w)
			return err
		},
	}
	for name, handle := range handlers {
		_, err := client.Serve(greeter, name, func(ctx context.Context, w wrpc.IndexWriteCloser, r wrpc.IndexReadCloser) {
			defer r.Close()
			// What a trap looks like: results that end before they begin.
			defer w.Close()
			if err := handle(ctx, r, w); err != nil {
				slog.Warn("a call failed", "function", name, "error", err)
			}
		})
		if err != nil {
			return err
		}
	}
	if err := conn.Flush(); err != nil {
		return err
	}
	fmt.Println(`{"ready":true}`)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func headersOf(ctx context.Context) string {
	header, _ := wrpcnats.HeaderFromContext(ctx)
	lines := make([]string, 0, len(header))
	for name, values := range header {
		lines = append(lines, fmt.Sprintf("%s: %s", name, strings.Join(values, ", ")))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
